// SPDX-License-Identifier: MIT
// The 16-bit floating-point formats as bit patterns: IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits) and
// bfloat16 (the upper half of a float). Widening is exact, narrowing rounds to nearest, ties to even; subnormals,
// infinities and the payload of a NaN are kept.
#pragma once

#include <bit>
#include <cstdint>

namespace ctnet::io {

constexpr float bfloat16_to_float(std::uint16_t b) { return std::bit_cast<float>(std::uint32_t{b} << 16); }

constexpr float half_to_float(std::uint16_t h) {
  const std::uint32_t sign = std::uint32_t{h & 0x8000u} << 16, exponent = h >> 10 & 31u, fraction = h & 0x3FFu;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -tiny : tiny;
}

constexpr std::uint16_t float_to_bfloat16(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x);
  if ((u & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<std::uint16_t>(u >> 16 | 0x40u);  // a NaN stays one
  return static_cast<std::uint16_t>((u + 0x7FFFu + (u >> 16 & 1u)) >> 16);
}

constexpr std::uint16_t float_to_half(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x), sign = u >> 16 & 0x8000u, a = u & 0x7FFFFFFFu;
  if (a > 0x7F800000u) return static_cast<std::uint16_t>(sign | 0x7E00u | (a >> 13 & 0x3FFu));
  if (a >= 0x47800000u) return static_cast<std::uint16_t>(sign | 0x7C00u);  // 2^16 and more
  const auto nearest = [](std::uint32_t v, std::uint32_t bits) {            // v / 2^bits, ties to even
    return (v + (std::uint32_t{1} << (bits - 1)) - 1 + (v >> bits & 1u)) >> bits;
  };
  // A carry out of the fraction runs into the exponent, where it belongs.
  if (a >= 0x38800000u) return static_cast<std::uint16_t>(sign | nearest(a - 0x38000000u, 13));
  const std::uint32_t shift = 126 - (a >> 23);  // below 2^-14: units of 2^-24
  if (shift > 24) return static_cast<std::uint16_t>(sign);
  return static_cast<std::uint16_t>(sign | nearest((a & 0x7FFFFFu) | 0x800000u, shift));
}

}  // namespace ctnet::io
