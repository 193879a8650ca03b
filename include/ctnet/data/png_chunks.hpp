// SPDX-License-Identifier: MIT
// The chunks of a PNG file (ISO/IEC 15948, 5): all CRCs, those of chunks that decoding has no use for too, and what is
// to be known before anything is allocated.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "../core/error.hpp"
#include "decode_options.hpp"

namespace ctnet::data::detail {

// What the chunks say before anything is decoded.
struct PngHead {
  i64 w = 0, h = 0;
  int depth = 0, colour = 0;             // bits a sample; colour types as in the standard
  std::size_t data = 0;                  // bytes in IDAT
  std::span<const unsigned char> bytes;  // up to IEND
  std::span<const unsigned char> exif{};
};

inline std::uint32_t big_endian(const unsigned char* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

// Goes over all chunks up to IEND. Throws Error naming the file where a sum is wrong or the end is missing.
inline PngHead png_head(std::span<const unsigned char> bytes, const std::string& name) {
  PngHead head;
  std::size_t at = 8;
  for (;;) {
    if (bytes.size() < at + 12) fail_early(name, "PNG");
    const std::size_t length = big_endian(&bytes[at]);
    const auto type = [&](const char* word) { return std::memcmp(&bytes[at + 4], word, 4) == 0; };
    if (at == 8 && (length != 13 || !type("IHDR"))) fail(name, ": damaged PNG: it does not begin with its header");
    if (length > bytes.size() - at - 12) fail_early(name, "PNG");
    const unsigned char* const data = &bytes[at + 8];
    const auto crc = static_cast<std::uint32_t>(::crc32(0, &bytes[at + 4], static_cast<uInt>(length + 4)));
    if (crc != big_endian(data + length))
      fail(name, ": damaged PNG: the chunk at byte ", at, " has a CRC of ", big_endian(data + length), ", expected ",
           crc);
    if (at == 8) head.w = big_endian(data), head.h = big_endian(data + 4), head.depth = data[8], head.colour = data[9];
    if (type("IDAT")) head.data += length;
    if (type("eXIf")) head.exif = bytes.subspan(at + 8, length);
    const bool last = type("IEND");
    at += 12 + length;
    if (last) break;
  }
  head.bytes = bytes.first(at);
  return head;
}

// Throws Error where the header claims more pixels than allowed, or than so few bytes can be inflated to (deflate makes
// at most 1032 bytes of one).
inline void check_png(const PngHead& head, const DecodeOptions& options, const std::string& name) {
  check_size(head.h, head.w, options, name, "PNG");
  const i64 samples = head.colour == 2 ? 3 : head.colour == 6 ? 4 : head.colour == 4 ? 2 : 1;
  if (static_cast<std::size_t>(head.w * head.h / 8 * samples * head.depth / 1032) > head.data)
    fail_early(name, "PNG", head.data, head.h, head.w);
}

}  // namespace ctnet::data::detail
