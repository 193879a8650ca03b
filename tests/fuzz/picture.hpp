// SPDX-License-Identifier: MIT
// Bytes as a picture, for the fuzz targets of PNG and JPEG.
#pragma once

#include <ctnet/data/decode.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

inline void decode_any(std::span<const unsigned char> bytes) {
  for (const int channels : {1, 3}) {
    ctnet::data::Bitmap picture;
    const ctnet::data::DecodeOptions options{.max_pixels = 1 << 18, .exif_transpose = channels == 3};
    try {
      ctnet::data::decode(bytes, channels, "fuzz", picture, options);
      const std::size_t pixels = static_cast<std::size_t>(picture.h) * static_cast<std::size_t>(picture.w);
      if (pixels == 0 || pixels > 1 << 18 || picture.c != channels) std::abort();
      if (picture.size() != pixels * static_cast<std::size_t>(channels)) std::abort();
    } catch (const ctnet::Error& e) {
      if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
    }
  }
}
