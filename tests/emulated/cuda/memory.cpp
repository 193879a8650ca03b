// SPDX-License-Identifier: MIT
// Device memory: a reserved region, in which every allocation has pages of its own, far from where others were.
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>

#include "memory.hpp"
#include "runtime.hpp"
#include "scheduler.hpp"

namespace ctnet_device {
namespace {

constexpr std::size_t page_bytes = 4096, huge_page_bytes = 2 << 20;
constexpr std::size_t region_bytes = std::size_t{256} << 30, alignment = 256;

struct Allocation {
  unsigned char* pages;
  std::size_t room;  // of the pages
  unsigned char* data;
  std::size_t bytes;
  std::size_t number;
};

struct Memory {
  unsigned char* region = nullptr;
  std::map<std::uintptr_t, Allocation> live;  // by pages
  std::size_t next = page_bytes;              // where to look for room first
  std::size_t bytes = 0, limit = std::size_t{16} << 30, count = 0;
  Flush flush = Flush::end;
  bool open = false, traps = true;
} memory;

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

void protect(const Allocation& a, bool accessible) {
  if (mprotect(a.pages, a.room, accessible ? PROT_READ | PROT_WRITE : PROT_NONE) != 0)
    stop("mprotect failed: too many allocations?");
}

// The allocation whose pages, or the inaccessible ones behind, hold p.
const Allocation* nearest(const void* p) {
  auto after = memory.live.upper_bound(address(p));
  return after == memory.live.begin() ? nullptr : &std::prev(after)->second;
}

// Where `room` bytes are free with a page on both sides, after where the last was found; 0 if nowhere. Large pages open
// and close faster, so that large allocations start where they can.
std::size_t find_room(std::size_t room) {
  const std::uintptr_t region = address(memory.region);
  for (int pass = 0; pass < 2; ++pass, memory.next = page_bytes) {
    for (std::size_t at = memory.next;;) {
      if (room >= huge_page_bytes) at = round_up(region + at, huge_page_bytes) - region;
      if (at + room + page_bytes > region_bytes) break;
      const auto after = memory.live.lower_bound(region + at + room + page_bytes);
      if (after == memory.live.begin()) return at;
      const Allocation& before = std::prev(after)->second;
      const std::size_t end = address(before.pages) + before.room + page_bytes - region;
      if (end <= at) return at;
      at = end;
    }
  }
  return 0;
}

// The first byte that is no longer as it was at the start; null if none.
const unsigned char* changed(const unsigned char* from, const unsigned char* to) {
  if (from == to || (*from == 0xFF && std::memcmp(from, from + 1, static_cast<std::size_t>(to - from) - 1) == 0))
    return nullptr;
  while (*from == 0xFF) ++from;
  return from;
}

std::string overrun(const Allocation& a) {
  const unsigned char* end = a.data + a.bytes;
  char text[160] = "";
  if (const unsigned char* p = changed(end, a.pages + a.room))
    std::snprintf(text, sizeof text, "%zu bytes behind the end of allocation %zu, of %zu bytes, was written\n",
                  static_cast<std::size_t>(p - end), a.number, a.bytes);
  else if ((p = changed(a.pages, a.data)))
    std::snprintf(text, sizeof text, "%zu bytes before allocation %zu, of %zu bytes, was written\n",
                  static_cast<std::size_t>(a.data - p), a.number, a.bytes);
  return text;
}

}  // namespace

void* allocate_device(std::size_t bytes) {
  if (bytes > memory.limit || memory.bytes > memory.limit - bytes) return nullptr;
  if (!memory.region) {
    void* p = mmap(nullptr, region_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) stop("no addresses for device memory");
    memory.region = static_cast<unsigned char*>(p);
    madvise(p, region_bytes, MADV_HUGEPAGE);  // large allocations open and close faster
  }
  const std::size_t room = round_up(bytes, bytes < huge_page_bytes / 2 ? page_bytes : huge_page_bytes);
  const std::size_t at = find_room(room);
  if (at == 0) return nullptr;
  Allocation a{memory.region + at, room, nullptr, bytes, ++memory.count};
  a.data = memory.flush == Flush::end ? a.pages + room - round_up(bytes, alignment) : a.pages;
  protect(a, true);
  std::memset(a.pages, 0xFF, room);
  if (!memory.open && memory.traps) protect(a, false);
  memory.live.emplace(address(a.pages), a);
  memory.next = at + room + page_bytes;
  memory.bytes += bytes;
  return a.data;
}

bool free_device(void* p) {
  const Allocation* found = nearest(p);
  if (!found || found->data != p) return false;
  const Allocation a = *found;
  protect(a, true);
  if (const std::string text = overrun(a); !text.empty()) stop("%s", text.c_str());
  madvise(a.pages, a.room, MADV_DONTNEED);
  protect(a, false);
  memory.bytes -= a.bytes;
  memory.live.erase(address(a.pages));
  return true;
}

Place place(const void* p, std::size_t bytes) {
  if (!memory.region || address(p) - address(memory.region) >= region_bytes) return Place::host;
  const Allocation* a = nearest(p);
  return a && p >= a->data && address(p) + bytes <= address(a->data) + a->bytes ? Place::device : Place::outside;
}

std::string describe(const void* p) {
  if (place(p, 1) == Place::host) return "not in device memory";
  const Allocation* a = nearest(p);
  const auto after = memory.live.upper_bound(address(p));
  const auto behind = [&] { return address(p) - address(a->data) - a->bytes; };  // how far
  if (after != memory.live.end() &&
      (!a || (address(p) >= address(a->data) + a->bytes && behind() > address(after->second.data) - address(p))))
    a = &after->second;
  if (!a) return "in device memory, where nothing is allocated";
  const bool is_before = p < a->data, is_behind = address(p) >= address(a->data) + a->bytes;
  char text[160];
  std::snprintf(text, sizeof text, "%zu bytes %s allocation %zu, of %zu bytes",
                is_before   ? address(a->data) - address(p)
                : is_behind ? behind()
                            : address(p) - address(a->data),
                is_before   ? "before"
                : is_behind ? "behind the end of"
                            : "into",
                a->number, a->bytes);
  return text;
}

void open_memory() {
  if (memory.open) return;
  memory.open = true;
  if (memory.traps)
    for (const auto& [at, a] : memory.live) protect(a, true);
}

void close_memory() {
  if (!memory.open) return;
  memory.open = false;
  if (memory.traps)
    for (const auto& [at, a] : memory.live) protect(a, false);
}

void set_host_traps(bool on) {
  const std::lock_guard lock(mutex());
  if (on == memory.traps) return;
  memory.traps = on;
  for (const auto& [at, a] : memory.live) protect(a, !on || memory.open);
}
void set_flush(Flush flush) { memory.flush = flush; }
void set_memory_limit(std::size_t bytes) { memory.limit = bytes; }
std::size_t memory_limit() { return memory.limit; }
std::size_t allocated_bytes() { return memory.bytes; }

std::string overruns() {
  const std::lock_guard lock(mutex());
  const Closing closing;
  open_memory();
  std::string all;
  for (const auto& [at, a] : memory.live) all += overrun(a);
  return all;
}

std::string memory_leaks() {
  std::string all;
  for (const auto& [at, a] : memory.live)
    all += "device memory, allocation " + std::to_string(a.number) + " of " + std::to_string(a.bytes) + " bytes\n";
  return all;
}

}  // namespace ctnet_device
