// SPDX-License-Identifier: MIT
// bfloat16: the upper half of a float (8 bits of exponent, 7 of fraction), to store numbers in. Rounds to nearest,
// ties to even: |x - float(bfloat16(x))| <= 2^-8 |x| in the normal range. A NaN stays one; what rounds beyond the
// largest bfloat16, 3.39e38, becomes infinite.
#pragma once

namespace ctnet {

struct bfloat16 {
  unsigned short bits = 0;

  constexpr bfloat16() = default;
  constexpr explicit bfloat16(float x) {
    const unsigned u = __builtin_bit_cast(unsigned, x);
    const bool nan = (u & 0x7FFFFFFFu) > 0x7F800000u;
    bits = static_cast<unsigned short>((nan ? u | 0x400000u : u + 0x7FFFu + (u >> 16 & 1u)) >> 16);
  }
  constexpr explicit operator float() const { return __builtin_bit_cast(float, static_cast<unsigned>(bits) << 16); }
  constexpr bool operator==(const bfloat16&) const = default;  // the same bits
};

}  // namespace ctnet
