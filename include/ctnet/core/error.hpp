// SPDX-License-Identifier: MIT
// The library's one exception. Its sentence names the thing, what was expected and what came.
#pragma once

#include <stdexcept>
#include <string>

namespace ctnet {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
inline void append(std::string& s, const char* t) { s += t; }
inline void append(std::string& s, const std::string& t) { s += t; }
template <class T>
void append(std::string& s, T v)
  requires requires { std::to_string(v); }
{
  s += std::to_string(v);
}
}  // namespace detail

// Throws Error with its arguments strung together: fail("file.bin: ", n, " bytes, expected ", m).
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::string s;
  (detail::append(s, parts), ...);
  throw Error(s);
}

}  // namespace ctnet
