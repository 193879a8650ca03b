// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, at most U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ctnet::detail {

// A character: how many bytes it takes, 0 where none begins there.
struct Utf8 {
  std::size_t bytes = 0;
  std::uint32_t code = 0;
};

[[gnu::cold]] inline Utf8 utf8_at(std::string_view s, std::size_t i) {
  const auto at = [&](std::size_t k) -> unsigned { return k < s.size() ? static_cast<unsigned char>(s[k]) : 0u; };
  const unsigned lead = at(i);
  const unsigned n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (n == 0) return {};
  std::uint32_t c = n == 1 ? lead : lead & (0x7Fu >> n);
  for (unsigned k = 1; k < n; ++k) {
    if (at(i + k) >> 6 != 2) return {};
    c = c << 6 | (at(i + k) & 0x3Fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[n] || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) return {};
  return {n, c};
}

}  // namespace ctnet::detail
