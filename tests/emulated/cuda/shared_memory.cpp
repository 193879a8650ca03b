// SPDX-License-Identifier: MIT
// Shared memory, which ends at an inaccessible page and is NaN when a block starts, and copies into it.
#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "emulation.hpp"
#include "scheduler.hpp"

namespace ctnet_device {
namespace {

constexpr std::size_t page_bytes = 4096, most_dynamic = 227 * 1024;

struct Declared {
  std::size_t bytes, alignment;
};
std::vector<Declared>& declared() {
  static std::vector<Declared> all;
  return all;
}

std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// The end of so many bytes, at least, with an inaccessible page behind.
unsigned char* pages(std::size_t bytes) {
  const std::size_t room = round_up(bytes, page_bytes);
  void* p = mmap(nullptr, room + 2 * page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  unsigned char* begin = static_cast<unsigned char*>(p) + page_bytes;
  if (p == MAP_FAILED || mprotect(begin, room, PROT_READ | PROT_WRITE) != 0) stop("no memory for shared memory");
  return begin + room;
}

}  // namespace

std::size_t detail::declare_shared(std::size_t bytes, std::size_t alignment) {
  declared().push_back({bytes, alignment});
  return declared().size() - 1;
}

void* detail::shared_object(std::size_t slot) {
  Block& block = *running.thread->block;
  if (block.shared.size() <= slot) block.shared.resize(slot + 1);
  SharedObject& object = block.shared[slot];
  if (object.block_serial == block.serial) return object.data;
  const auto [bytes, alignment] = declared()[slot];
  if (!object.data) object.data = pages(bytes) - round_up(bytes, alignment);
  std::memset(object.data, 0xFF, bytes);
  object.block_serial = block.serial;
  std::size_t all = running.launch->dynamic_shared;
  for (std::size_t i = 0; i < block.shared.size(); ++i)
    if (block.shared[i].block_serial == block.serial) all += declared()[i].bytes;
  if (all > most_dynamic) stop("%zu bytes of shared memory, objects and dynamic, are too many", all);
  return object.data;
}

void start_block_memory(Block& block, std::size_t bytes) {
  if (bytes == 0) return;
  if (!block.dynamic) block.dynamic = pages(most_dynamic + 128);
  block.dynamic_begin = block.dynamic - round_up(bytes, 128);
  std::memset(block.dynamic_begin, 0xFF, round_up(bytes, 128));
}

void check_block_memory(const Block& block, std::size_t bytes) {
  for (std::size_t i = bytes; i < round_up(bytes, 128); ++i)
    if (block.dynamic_begin[i] != 0xFF) stop("a byte %zu behind the dynamic shared memory was written", i - bytes);
}

unsigned char* dynamic_shared() {
  if (running.launch->dynamic_shared == 0) stop("dynamic_shared() in a launch without");
  return running.thread->block->dynamic_begin;
}

void detail::copy_late(void* shared, const void* global, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(shared) % bytes || reinterpret_cast<std::uintptr_t>(global) % bytes)
    stop("copy_async%zu of addresses that are not aligned: to %p from %p", bytes, shared, global);
  std::memset(shared, 0xFF, bytes);
  running.thread->copies.push_back({shared, global, static_cast<unsigned>(bytes)});
}

void commit_copies() { running.thread->groups.push_back(running.thread->copies.size()); }

void detail::wait_copies(unsigned left) {
  Thread& self = *running.thread;
  if (self.groups.size() <= left) return;
  const std::size_t arrive = self.groups.size() - left, end = self.groups[arrive - 1];
  for (std::size_t i = 0; i < end; ++i) std::memcpy(self.copies[i].to, self.copies[i].from, self.copies[i].bytes);
  self.copies.erase(self.copies.begin(), self.copies.begin() + static_cast<std::ptrdiff_t>(end));
  self.groups.erase(self.groups.begin(), self.groups.begin() + static_cast<std::ptrdiff_t>(arrive));
  for (std::size_t& g : self.groups) g -= end;
}

}  // namespace ctnet_device
