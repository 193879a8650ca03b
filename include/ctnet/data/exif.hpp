// SPDX-License-Identifier: MIT
// How a camera was held (Exif 2.3, tag 0x0112, "Orientation"), and a picture turned upright by it, as Pillow's
// ImageOps.exif_transpose does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "pixels.hpp"

namespace ctnet::data::detail {

// 1 (upright) to 8; 1 where the block, which begins with its TIFF header, says nothing or is damaged.
inline int exif_orientation(std::span<const unsigned char> tiff) {
  if (tiff.size() < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const bool little = tiff[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < bytes; ++i) v = v << 8 | tiff[at + (little ? bytes - 1 - i : i)];
    return v;
  };
  const std::size_t folder = number(4, 4);
  if (number(2, 2) != 42 || folder > tiff.size() - 2) return 1;
  const std::size_t entries = number(folder, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = folder + 2 + 12 * i;
    if (at + 12 > tiff.size()) return 1;
    if (number(at, 2) != 0x0112) continue;
    const std::uint32_t type = number(at + 2, 2);  // 3: 16 bits, 4: 32 bits
    if ((type != 3 && type != 4) || number(at + 4, 4) != 1) return 1;
    const std::uint32_t v = number(at + 8, type == 3 ? 2 : 4);
    return v >= 1 && v <= 8 ? static_cast<int>(v) : 1;
  }
  return 1;
}

// Upright, from a picture stored with the orientation o.
inline void turn_upright(Bitmap& picture, int o) {
  if (o < 2 || o > 8) return;
  const bool swaps = o >= 5, down = o == 3 || o == 4 || o == 6 || o == 7, right = o == 2 || o == 3 || o == 7 || o == 8;
  Bitmap turned;
  turned.resize(picture.c, swaps ? picture.w : picture.h, swaps ? picture.h : picture.w);
  for (int y = 0; y < turned.h; ++y)
    for (int x = 0; x < turned.w; ++x) {
      const int v = swaps ? x : y, u = swaps ? y : x;
      for (int c = 0; c < picture.c; ++c)
        turned.at(c, y, x) = picture.at(c, down ? picture.h - 1 - v : v, right ? picture.w - 1 - u : u);
    }
  picture = std::move(turned);
}

}  // namespace ctnet::data::detail
