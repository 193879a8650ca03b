// SPDX-License-Identifier: MIT
// Runs grids: a thread is a fiber. Threads that never wait share one fiber, so that they cost a function call each. A
// warp that waits for itself goes on before other warps start; of the others, those that were let go first.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "control.hpp"
#include "launch.hpp"

namespace ctnet_device {

struct Fiber;
struct Block;

struct Copy {
  void* to;
  const void* from;
  unsigned bytes;
};

struct Warp {
  unsigned first = 0, size = 0;  // its threads
  unsigned arrived = 0, phase = 0;
  const char* at = nullptr;   // the collective that its threads wait in
  unsigned values[2][32][6];  // of each lane; by turns, so that the next collective does not overwrite them
  double product[2][16][8];   // of a matrix instruction
};

struct Thread {
  uint3 index{};
  unsigned id = 0;  // in its block
  Block* block = nullptr;
  Fiber* fiber = nullptr;           // where it waits
  const char* at = nullptr;         // what it waits in
  std::vector<Copy> copies;         // not yet arrived
  std::vector<std::size_t> groups;  // where each committed group of them ends
};

struct SharedObject {
  unsigned char* data = nullptr;
  std::uint64_t block_serial = 0;
};

struct Block {
  uint3 index{};
  dim3 shape{0, 0, 0};
  std::uint64_t serial = 0;  // of all blocks ever
  unsigned arrived = 0;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  std::vector<SharedObject> shared;        // by declared slot
  unsigned char* dynamic = nullptr;        // the arena; its end is the inaccessible page
  unsigned char* dynamic_begin = nullptr;  // of this launch
};

// What runs now; thread is null outside kernels.
struct Running {
  const Launch* launch = nullptr;
  Thread* thread = nullptr;
};
extern Running running;

void run_grid(const Launch& launch, const std::function<void()>& thread);

// Of the running thread: waits until all threads of its block, warp or grid are here.
void wait_block();
void wait_warp(const char* what);
void wait_grid();
void give_way();  // others first

Order order();
std::uint64_t random_bits();                                  // of the seed of Order::shuffled
void permute(std::vector<unsigned>& indices, std::size_t n);  // 0..n-1 in the chosen order

void start_block_memory(Block& block, std::size_t dynamic_bytes);
void check_block_memory(const Block& block, std::size_t dynamic_bytes);

// Prints the message with the running kernel, block and thread, and aborts.
[[noreturn, gnu::format(printf, 1, 2)]] void stop(const char* format, ...);

}  // namespace ctnet_device
