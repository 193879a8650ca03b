// SPDX-License-Identifier: MIT
// Options that make no sense are an Error that names the option, what it is and what was expected.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "error.hpp"

namespace ctnet::detail {

// By the bits, so that no compiler flag makes it true of all.
inline bool is_finite(double v) {
  constexpr std::uint64_t exponent = 0x7FF0'0000'0000'0000;
  return (std::bit_cast<std::uint64_t>(v) & exponent) != exponent;
}

// ok: whether it is in its range, to which neither NaN nor infinities belong.
template <class T>
void check_option(const char* owner, const char* option, T value, bool ok, const char* expected) {
  bool finite = true;
  if constexpr (std::is_floating_point_v<T>) finite = is_finite(static_cast<double>(value));
  if (ok && finite) return;
  fail(owner, ": ", option, " is ", value, ", expected ", expected, ok ? " and finite" : "");
}

}  // namespace ctnet::detail
