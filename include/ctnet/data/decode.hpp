// SPDX-License-Identifier: MIT
// PNG and JPEG to a Bitmap: by libpng and libjpeg-turbo (link -ljpeg -lpng -lz), with Pillow's pixels. What is damaged
// or cut short is an Error. CTNET_STB decodes by stb_image instead (decode_stb.hpp says what is lost);
// CTNET_NO_PICTURES needs no library, and every picture is an Error.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "../core/error.hpp"
#include "../io/file.hpp"
#include "decode_options.hpp"
#include "file_kind.hpp"
#include "pixels.hpp"

#if defined(_WIN32) && !defined(CTNET_NO_PICTURES) && !defined(CTNET_STB) && !(__has_include(<jpeglib.h>) && __has_include(<png.h>))
#  error "ctnet: no jpeglib.h and png.h here: add -DCTNET_NO_PICTURES where no pictures are read, or -DCTNET_STB"
#  define CTNET_NO_PICTURES  // so that this is the only error
#endif

#if defined(CTNET_NO_PICTURES)
#  define CTNET_PICTURES without_pictures
#elif defined(CTNET_STB)
#  define CTNET_PICTURES pictures_by_stb
#  include "decode_stb.hpp"
#else
#  define CTNET_PICTURES pictures
#  include "decode_jpeg.hpp"
#  include "decode_png.hpp"
#endif

namespace ctnet::data {

// A name for each way to decode, so that units built with different ones may be linked.
inline namespace CTNET_PICTURES {

// Channels are made what `channels` says, as Pillow's convert does: 1, "L", or 3, "RGB"; an alpha channel is left out.
// Throws Error naming `name` and the kind of file; `out` may then hold a part of the picture.
inline void decode(std::span<const unsigned char> bytes, int channels, const std::string& name, Bitmap& out,
                   const DecodeOptions& options = {}) {
  if (channels != 1 && channels != 3) fail("decode: ", channels, " channels, expected 1 (grey) or 3 (RGB)");
  const FileKind kind = kind_of(bytes);
  if (kind == FileKind::other) fail(name, ": neither a PNG nor a JPEG file");
#if defined(CTNET_NO_PICTURES)
  (void)out, (void)options;
  fail(name, ": is a picture, and this program was built with CTNET_NO_PICTURES");
#elif defined(CTNET_STB)
  detail::decode_stb(bytes, channels, name, out, options);
#else
  (kind == FileKind::png ? detail::decode_png : detail::decode_jpeg)(bytes, channels, name, out, options);
#endif
}

// A PNG or JPEG file, (H, W, channels). A file larger than any picture of options.max_pixels is an Error unread.
inline void read_image(const std::string& path, int channels, Bitmap& out, const DecodeOptions& options = {}) {
  // 8 bytes a pixel at most, and 2^26 bytes of what is no pixel
  constexpr i64 most = i64{1} << 58;
  const i64 pixels = options.max_pixels < most ? options.max_pixels : most;
  decode(io::read_file(path, static_cast<std::size_t>(8 * pixels + (i64{1} << 26))), channels, path, out, options);
}
inline Bitmap read_image(const std::string& path, int channels = 3, const DecodeOptions& options = {}) {
  Bitmap out;
  read_image(path, channels, out, options);
  return out;
}

}  // namespace CTNET_PICTURES

}  // namespace ctnet::data
