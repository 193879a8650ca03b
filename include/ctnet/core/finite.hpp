// SPDX-License-Identifier: MIT
// Whether a number is NaN or finite, by its bits: under -ffast-math compilers take std::isnan and x != x for false.
#pragma once

#include "host_device.hpp"

namespace ctnet {

// -1: finite, 0: an infinity, 1: a NaN
namespace detail {
CTNET_HD constexpr int beyond_finite(float v) {
  const unsigned bits = __builtin_bit_cast(unsigned, v) & 0x7FFFFFFFu;
  return bits < 0x7F800000u ? -1 : bits > 0x7F800000u;
}
CTNET_HD constexpr int beyond_finite(double v) {
  const unsigned long long bits = __builtin_bit_cast(unsigned long long, v) & 0x7FFFFFFFFFFFFFFFull;
  return bits < 0x7FF0000000000000ull ? -1 : bits > 0x7FF0000000000000ull;
}
}  // namespace detail

template <class T>
CTNET_HD constexpr bool is_nan(T v) {
  return detail::beyond_finite(v) == 1;
}
template <class T>
CTNET_HD constexpr bool is_finite(T v) {
  return detail::beyond_finite(v) == -1;
}

}  // namespace ctnet
