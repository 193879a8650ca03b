// SPDX-License-Identifier: MIT
// Barriers and what the lanes of a warp exchange.
#include <cstring>
#include <utility>

#include "emulation.hpp"
#include "scheduler.hpp"

namespace ctnet_device {

void sync_block() { wait_block(); }
void sync_warp() { wait_warp("sync_warp"); }
void sync_grid() { wait_grid(); }
void fence() { give_way(); }

unsigned atomic_add(unsigned* p, unsigned v) {
  give_way();
  return std::exchange(*p, *p + v);
}

unsigned load_acquire(const unsigned* p) {
  give_way();
  return *p;
}

unsigned detail::lane() { return running.thread->id % 32; }

void detail::exchange(void* value, std::size_t bytes, unsigned from) {
  const Thread& self = *running.thread;
  Warp& warp = self.block->warps[self.id / 32];
  auto& values = warp.values[warp.phase % 2];
  std::memcpy(values[self.id % 32], value, bytes);
  wait_warp(bytes == 4 ? "a shuffle of 4 bytes" : "a shuffle of 8 bytes");
  if (from < warp.size)
    std::memcpy(value, values[from], bytes);
  else
    std::memset(value, 0xFF, bytes);
}

}  // namespace ctnet_device
