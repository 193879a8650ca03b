// SPDX-License-Identifier: MIT
// Linked to a program (with -Wl,--wrap=printf): from the start of main to its first printf, whoever asks for memory
// from the heap ends the program.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <unistd.h>

namespace {
bool banned = false;
[[gnu::constructor(65535)]] void ban() { banned = true; }

void check() {
  if (!banned) return;
  const char words[] = "error: memory was asked for\n";
  [[maybe_unused]] const auto written = write(2, words, sizeof words - 1);
  _exit(3);
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t n) { return check(), __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t size) { return check(), __libc_calloc(n, size); }
void* realloc(void* p, std::size_t n) { return check(), __libc_realloc(p, n); }
void* aligned_alloc(std::size_t align, std::size_t n) { return check(), __libc_memalign(align, n); }

int __wrap_printf(const char* format, ...) {
  banned = false;
  va_list list;
  va_start(list, format);
  const int n = std::vprintf(format, list);
  va_end(list);
  return n;
}
}
