// SPDX-License-Identifier: MIT
// A row of a file's pixels as a row of a Bitmap of 1 channel (grey) or 3 (RGB), with Pillow's integers: grey is
// (19595 R + 38470 G + 7471 B + 2^15) / 2^16, its convert("L"); C, M, Y, K become R = 255 - K - C (255 - K) / 255, its
// convert("RGB"). No row throws: libjpeg and libpng jump over the frames that call these.
#pragma once

namespace ctnet::data::detail {

inline unsigned char grey_of(unsigned char r, unsigned char g, unsigned char b) {
  return static_cast<unsigned char>((r * 19595u + g * 38470u + b * 7471u + 0x8000u) >> 16);
}

inline void put(unsigned char r, unsigned char g, unsigned char b, int channels, unsigned char*& to) {
  if (channels == 1) {
    *to++ = grey_of(r, g, b);
  } else {
    to[0] = r, to[1] = g, to[2] = b;
    to += 3;
  }
}

inline void grey_row(const unsigned char* from, int w, int channels, unsigned char* to) {
  for (int x = 0; x < w; ++x)
    for (int c = 0; c < channels; ++c) *to++ = from[x];
}

// 16 bits, the high byte first: what is above 255 is 255, as where Pillow's mode "I" is converted.
inline void deep_grey_row(const unsigned char* from, int w, int channels, unsigned char* to) {
  for (int x = 0; x < w; ++x, from += 2)
    for (int c = 0; c < channels; ++c) *to++ = from[0] ? 255 : from[1];
}

inline void rgb_row(const unsigned char* from, int w, int channels, unsigned char* to) {
  for (int x = 0; x < w; ++x, from += 3) put(from[0], from[1], from[2], channels, to);
}

// As Adobe writes them and Pillow takes all of them: 255 is no ink.
inline void cmyk_row(const unsigned char* from, int w, int channels, unsigned char* to) {
  for (int x = 0; x < w; ++x, from += 4) {
    const unsigned white = from[3];
    const auto left = [&](unsigned char inverted) {
      const unsigned product = (255u - inverted) * white + 128, ink = ((product >> 8) + product) >> 8;
      return static_cast<unsigned char>(white > ink ? white - ink : 0);
    };
    put(left(from[0]), left(from[1]), left(from[2]), channels, to);
  }
}

}  // namespace ctnet::data::detail
