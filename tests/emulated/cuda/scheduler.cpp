// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "emulation.hpp"
#include "fiber.hpp"

namespace ctnet_device {

Running running;

namespace {

class Queue {
 public:
  void push(Thread* t) {
    if (first_ > 10'000) items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_)), first_ = 0;
    items_.push_back(t);
  }
  Thread* take() {
    if (first_ == items_.size()) return nullptr;
    Thread* t = items_[first_++];
    if (first_ == items_.size()) items_.clear(), first_ = 0;
    return t;
  }

 private:
  std::vector<Thread*> items_;
  std::size_t first_ = 0;
};

// The grid that runs: its blocks one after another, or all at once where the launch is cooperative.
struct Grid {
  const std::function<void()>* body = nullptr;
  std::vector<std::unique_ptr<Block>> blocks;  // kept from launch to launch
  std::vector<unsigned> threads;               // the order
  std::size_t alive = 1;                       // blocks
  std::size_t started = 0, ended = 0;          // threads
  unsigned arrived = 0;                        // at the barrier of the grid
  std::size_t given_way = 0;                   // times since a thread did anything else
  Queue urgent, ready, later;                  // lanes of one warp; others; those that gave way
  Thread* handed = nullptr;                    // to the fiber resumed next
} grid;

std::uint64_t serial = 0;

void enter(Thread* t) {
  running.thread = t;
  threadIdx = t->index;
  blockIdx = t->block->index;
}

// The thread that goes on next, or starts; null: none can.
Thread* pick() {
  if (Thread* t = grid.urgent.take()) return t;
  if (Thread* t = grid.ready.take()) return t;
  const std::size_t n = grid.threads.size();
  if (grid.started < n * grid.alive) {
    Thread* t = &grid.blocks[grid.started / n]->threads[grid.threads[grid.started % n]];
    ++grid.started;
    return t;
  }
  return grid.later.take();
}

[[noreturn]] void stuck() {
  const Thread* waiting = nullptr;
  std::size_t count = 0;
  for (std::size_t b = 0; b < grid.alive; ++b)
    for (const Thread& t : grid.blocks[b]->threads)
      if (t.fiber) waiting = waiting ? waiting : &t, ++count;
  running.thread = nullptr;
  stop("%zu of %zu threads have returned, but %zu still wait, thread %u of block (%u, %u, %u) in %s", grid.ended,
       grid.threads.size() * grid.alive, count, waiting ? waiting->id : 0, waiting ? waiting->block->index.x : 0,
       waiting ? waiting->block->index.y : 0, waiting ? waiting->block->index.z : 0, waiting ? waiting->at : "?");
}

// What every fiber does: runs threads until none is left for it.
[[noreturn]] void run_threads() {
  for (;;) {
    Thread* next = std::exchange(grid.handed, nullptr);
    if (!next) next = pick();
    if (!next) {
      if (grid.ended != grid.threads.size() * grid.alive) stuck();
      retire_and_resume(main_fiber());
    } else if (next->fiber) {
      enter(next);
      retire_and_resume(std::exchange(next->fiber, nullptr));
    } else {
      enter(next);
      if (!next->copies.empty()) next->copies.clear(), next->groups.clear();
      (*grid.body)();
      ++grid.ended;
      grid.given_way = 0;
    }
  }
}

// The running thread waits; it is in a queue already, or somebody will put it there.
void wait(const char* at) {
  Thread* self = running.thread;
  self->at = at;
  self->fiber = running_fiber();
  Thread* next = pick();
  if (!next) stuck();
  if (next == self) {
    self->fiber = nullptr;
    return;
  }
  if (next->fiber) {
    enter(next);
    resume(std::exchange(next->fiber, nullptr));
  } else {
    grid.handed = next;
    resume(fresh_fiber());
  }
}

void shape_blocks(const Launch& launch) {
  const std::size_t n = std::size_t{launch.block.x} * launch.block.y * launch.block.z;
  const auto [x, y, z] = launch.block;
  for (std::size_t b = 0; b < grid.alive; ++b) {
    if (b == grid.blocks.size()) grid.blocks.push_back(std::make_unique<Block>());
    Block& block = *grid.blocks[b];
    if (block.shape.x == x && block.shape.y == y && block.shape.z == z) continue;
    block.shape = launch.block;
    block.threads.resize(n);
    block.warps.resize((n + 31) / 32);
    for (std::size_t i = 0; i < n; ++i) {
      Thread& t = block.threads[i];
      const unsigned id = static_cast<unsigned>(i);
      t.index = {id % x, id / x % y, id / x / y};
      t.id = id;
      t.block = &block;
    }
    for (std::size_t w = 0; w < block.warps.size(); ++w) {
      block.warps[w].first = static_cast<unsigned>(32 * w);
      block.warps[w].size = static_cast<unsigned>(n - 32 * w < 32 ? n - 32 * w : 32);
    }
  }
  permute(grid.threads, n);
}

void run_blocks(const Launch& launch, std::size_t first, const std::vector<unsigned>& blocks) {
  for (std::size_t b = 0; b < grid.alive; ++b) {
    Block& block = *grid.blocks[b];
    const unsigned at = blocks[first + b];
    block.index = {at % launch.grid.x, at / launch.grid.x % launch.grid.y, at / launch.grid.x / launch.grid.y};
    block.serial = ++serial;
    block.arrived = 0;
    start_block_memory(block, launch.dynamic_shared);
  }
  grid.started = grid.ended = 0;
  grid.arrived = 0;
  resume(fresh_fiber());
  for (std::size_t b = 0; b < grid.alive; ++b) check_block_memory(*grid.blocks[b], launch.dynamic_shared);
}

}  // namespace

void fiber_body() { run_threads(); }

void run_grid(const Launch& launch, const std::function<void()>& thread) {
  static std::vector<unsigned> blocks;
  const std::size_t count = std::size_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  permute(blocks, count);
  grid.body = &thread;
  grid.alive = launch.cooperative ? count : 1;
  running.launch = &launch;
  blockDim = launch.block;
  gridDim = launch.grid;
  shape_blocks(launch);
  for (std::size_t b = 0; b < count; b += grid.alive) run_blocks(launch, b, blocks);
  running = {};
}

void wait_block() {
  Block& block = *running.thread->block;
  grid.given_way = 0;
  if (++block.arrived == block.threads.size()) {
    block.arrived = 0;
    for (unsigned i : grid.threads) grid.ready.push(&block.threads[i]);
  }
  wait("sync_block");
}

void wait_warp(const char* what) {
  Thread& self = *running.thread;
  Warp& warp = self.block->warps[self.id / 32];
  grid.given_way = 0;
  if (warp.arrived == 0)
    warp.at = what;
  else if (warp.at != what && std::strcmp(warp.at, what) != 0)
    stop("lanes of a warp meet in %s and %s", warp.at, what);
  if (++warp.arrived == warp.size) {
    warp.arrived = 0;
    ++warp.phase;
    static std::vector<unsigned> lanes;
    permute(lanes, warp.size);
    for (unsigned i : lanes) grid.urgent.push(&self.block->threads[warp.first + i]);
  }
  wait(what);
}

void wait_grid() {
  if (!running.launch->cooperative) stop("sync_grid in a launch that is not cooperative");
  grid.given_way = 0;
  if (++grid.arrived == grid.threads.size() * grid.alive) {
    grid.arrived = 0;
    for (std::size_t b = 0; b < grid.alive; ++b)
      for (unsigned i : grid.threads) grid.ready.push(&grid.blocks[b]->threads[i]);
  }
  wait("sync_grid");
}

void give_way() {
  if (!running.launch || !running.launch->cooperative) return;
  if (++grid.given_way > 100'000'000) stop("threads wait for each other in a loop");
  grid.later.push(running.thread);
  wait("a loop");
}

void stop(const char* format, ...) {
  char message[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "emulated device: %s\n", message);
  if (running.launch) std::fprintf(stderr, "  kernel %s\n", running.launch->name);
  if (running.thread)
    std::fprintf(stderr, "  block (%u, %u, %u), thread (%u, %u, %u)\n", blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
                 threadIdx.y, threadIdx.z);
  std::abort();
}

}  // namespace ctnet_device
