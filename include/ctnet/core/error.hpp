// SPDX-License-Identifier: MIT
// The library's one exception. Its sentence names the thing, what was expected and what came.
#pragma once

#ifndef __cpp_exceptions
#  include <cstdio>
#  include <cstdlib>
#endif
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "flags.hpp"

namespace ctnet {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {

// The number itself in as few digits as tell it from all others, whatever the locale: "0.1", "-1e-08", "nan".
template <class F>
std::string number_text(F v) {
  if (v != v) return "nan";  // of either sign
  char s[32];
  return {s, std::to_chars(s, s + sizeof s, v).ptr};
}

// A piece of an error's sentence. One type for all, so that each place that can fail costs the compiler little.
struct Piece {
  std::string text;

  Piece(const char* s) : text(s) {}
  Piece(const std::string& s) : text(s) {}
  Piece(std::string_view s) : text(s) {}
  Piece(char c) : text(1, c) {}
  Piece(double v) : text(number_text(v)) {}
  Piece(float v) : text(number_text(v)) {}
  template <class I>
    requires std::is_integral_v<I>
  Piece(I v)
      : text(std::is_signed_v<I> ? std::to_string(static_cast<long long>(v))
                                 : std::to_string(static_cast<unsigned long long>(v))) {}
};

CTNET_BY_EXCEPTIONS [[noreturn, gnu::cold, gnu::noinline]] inline void fail_with(const Piece* words, int n) {
  std::string sentence;
  for (int i = 0; i < n; ++i) sentence += words[i].text;
#ifdef __cpp_exceptions
  throw Error(sentence);
#else
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::abort();
#endif
}

}  // namespace detail

// Throws Error with its arguments (text and numbers) strung together: fail(file, ": ", n, " bytes, expected ", m).
template <class... Parts>
CTNET_BY_EXCEPTIONS [[noreturn, gnu::cold, gnu::noinline]] void fail(const Parts&... parts) {
  const detail::Piece words[] = {parts...};
  detail::fail_with(words, static_cast<int>(sizeof...(parts)));
}

}  // namespace ctnet
