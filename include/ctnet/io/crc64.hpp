// SPDX-License-Identifier: MIT
// CRC-64/XZ (the polynomial of ECMA-182, reflected, all ones before and after): any burst of up to 64 wrong bits is
// seen. Eight bytes a step by eight tables (Kounavis and Berry, "Novel Table Lookup-Based Algorithms for
// High-Performance CRC Generation", 2008).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ctnet::io {

namespace detail {

inline constexpr std::uint64_t crc64_polynomial = 0xC96C5795D7870F42u;

struct Crc64Tables {
  std::uint64_t t[8][256];
};
constexpr Crc64Tables make_crc64_tables() {
  Crc64Tables all{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ crc64_polynomial : c >> 1;
    all.t[0][i] = c;
  }
  for (int k = 1; k < 8; ++k)
    for (int i = 0; i < 256; ++i) {
      const std::uint64_t c = all.t[k - 1][i];
      all.t[k][i] = c >> 8 ^ all.t[0][c & 0xFF];
    }
  return all;
}
inline constexpr Crc64Tables crc64_tables = make_crc64_tables();

// Eight bytes more.
inline std::uint64_t crc64_step(std::uint64_t c, const unsigned char* p) {
  const auto& t = crc64_tables.t;
  std::uint64_t v;  // little-endian, as the files are
  std::memcpy(&v, p, 8);
  v ^= c;
  return t[7][v & 0xFF] ^ t[6][v >> 8 & 0xFF] ^ t[5][v >> 16 & 0xFF] ^ t[4][v >> 24 & 0xFF] ^ t[3][v >> 32 & 0xFF] ^
         t[2][v >> 40 & 0xFF] ^ t[1][v >> 48 & 0xFF] ^ t[0][v >> 56];
}

// The product of two polynomials over GF(2), modulo that of the CRC. Bit 63 is the coefficient of x^0.
constexpr std::uint64_t crc64_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t p = 0;
  for (; a != 0; a <<= 1) {
    if (a >> 63) p ^= b;
    b = b & 1 ? b >> 1 ^ crc64_polynomial : b >> 1;
  }
  return p;
}
// The CRC of two runs of bytes, one behind the other, from that of each: the first is multiplied by x^(8 n), n bytes
// being the second's length.
constexpr std::uint64_t crc64_joined(std::uint64_t first, std::uint64_t second, std::uint64_t n) {
  std::uint64_t power = std::uint64_t{1} << 55;  // x^8
  for (; n > 0; n >>= 1) {
    if (n & 1) first = crc64_product(power, first);
    power = crc64_product(power, power);
  }
  return first ^ second;
}

}  // namespace detail

// Of n bytes; those that came before, whose CRC is `before`, may be taken in: crc64(b, n, crc64(a, m)) is that of both.
// Long runs are done as four parts side by side, because a step has to wait for the one before.
inline std::uint64_t crc64(const void* bytes, std::size_t n, std::uint64_t before = 0) {
  const auto* p = static_cast<const unsigned char*>(bytes);
  std::uint64_t c = ~before;
  if (const std::size_t part = n / 32 * 8; part >= 1024) {
    std::uint64_t c1 = ~std::uint64_t{0}, c2 = c1, c3 = c1;
    for (std::size_t i = 0; i < part; i += 8) {
      c = detail::crc64_step(c, p + i);
      c1 = detail::crc64_step(c1, p + part + i);
      c2 = detail::crc64_step(c2, p + 2 * part + i);
      c3 = detail::crc64_step(c3, p + 3 * part + i);
    }
    c = ~detail::crc64_joined(detail::crc64_joined(~c, ~c1, part), detail::crc64_joined(~c2, ~c3, part), 2 * part);
    p += 4 * part, n -= 4 * part;
  }
  for (; n >= 8; n -= 8, p += 8) c = detail::crc64_step(c, p);
  for (; n > 0; --n, ++p) c = c >> 8 ^ detail::crc64_tables.t[0][(c ^ *p) & 0xFF];
  return ~c;
}

}  // namespace ctnet::io
