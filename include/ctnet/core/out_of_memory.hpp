// SPDX-License-Identifier: MIT
// Memory that cannot be had: a std::bad_alloc that says what it was for and how much it was.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "flags.hpp"

namespace ctnet {

class OutOfMemory : public std::bad_alloc {
 public:
  // bytes: 0 where they are more than a std::size_t counts.
  OutOfMemory(const char* what, std::size_t bytes) noexcept {
    if (bytes)
      std::snprintf(words_, sizeof words_, "%.200s: %zu bytes of memory cannot be had", what, bytes);
    else
      std::snprintf(words_, sizeof words_, "%.200s: more memory than there are addresses", what);
  }
  const char* what() const noexcept override { return words_; }

 private:
  char words_[280];
};

namespace detail {

// For n elements of `each` bytes.
CTNET_BY_EXCEPTIONS [[noreturn, gnu::cold, gnu::noinline]] inline void fail_memory(const char* what, std::size_t n,
                                                                                   std::size_t each) {
  const OutOfMemory error(what, n > static_cast<std::size_t>(-1) / each ? 0 : n * each);
#ifdef __cpp_exceptions
  throw error;
#else
  std::fprintf(stderr, "%s\n", error.what());
  std::abort();
#endif
}

// What make() gives; where it runs out of memory, for `bytes` of `what`, OutOfMemory.
template <class F>
CTNET_BY_EXCEPTIONS auto with_memory_for(const char* what, std::size_t bytes, const F& make) {
  if (bytes > static_cast<std::size_t>(-1) / 2) fail_memory(what, bytes, 1);  // a vector would call it a wrong length
#ifdef __cpp_exceptions
  try {
    return make();
  } catch (const std::bad_alloc&) {
    fail_memory(what, bytes, 1);
  }
#else
  return make();
#endif
}

}  // namespace detail

}  // namespace ctnet
