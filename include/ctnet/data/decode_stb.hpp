// SPDX-License-Identifier: MIT
// PNG and JPEG by stb_image, where CTNET_STB is defined: for who has neither libjpeg nor libpng. Link an stb_image of
// 2.30 or later (that of Debian 12 writes outside its memory where a JPEG is damaged). It looks at no checksum and
// makes up what a JPEG lacks, so the PNG's chunks are summed and the JPEG's last marker looked for here; a JPEG damaged
// within is a picture with wrong pixels, and no JPEG has exactly Pillow's.
#pragma once

#ifdef CTNET_STB

#  if __has_include(<stb/stb_image.h>)
#    include <stb/stb_image.h>
#  else
#    include <stb_image.h>
#  endif

#  include <algorithm>
#  include <cstddef>
#  include <memory>
#  include <span>
#  include <string>

#  include "../core/error.hpp"
#  include "decode_options.hpp"
#  include "exif.hpp"
#  include "pixels.hpp"
#  include "png_chunks.hpp"

namespace ctnet::data::detail {

inline void decode_stb(std::span<const unsigned char> bytes, int channels, const std::string& name, Bitmap& out,
                       const DecodeOptions& options) {
  struct Free {
    void operator()(stbi_uc* p) const { stbi_image_free(p); }
  };
  const bool png = bytes[0] == 0x89;
  const char* const kind = png ? "PNG" : "JPEG";
  const auto check = [&](bool good) {
    const char* words = stbi_failure_reason();
    if (!good) fail(name, ": damaged ", kind, ": ", words ? words : "unknown");
  };
  PngHead head;
  if (png) {
    head = png_head(bytes, name);
    check_png(head, options, name);
    bytes = head.bytes;
  } else {
    if (options.exif_transpose) fail(name, ": exif_transpose of a JPEG needs libjpeg; this was built with CTNET_STB");
    constexpr unsigned char end[] = {0xFF, 0xD9};
    if (std::search(bytes.begin(), bytes.end(), end, end + 2) == bytes.end()) fail_early(name, kind);
  }
  if (bytes.size() > 0x7FFFFFFF) fail(name, ": ", bytes.size(), " bytes, expected fewer than 2^31");
  const int length = static_cast<int>(bytes.size());
  int w = 0, h = 0, in_file = 0;
  check(stbi_info_from_memory(bytes.data(), length, &w, &h, &in_file) != 0);
  check_size(h, w, options, name, kind);
  if (!png && static_cast<std::size_t>(i64{h} * w / 512) > bytes.size()) fail_early(name, kind, bytes.size(), h, w);
  const std::unique_ptr<stbi_uc, Free> pixels{stbi_load_from_memory(bytes.data(), length, &w, &h, &in_file, channels)};
  check(pixels != nullptr);
  out.resize(channels, h, w);
  std::copy(pixels.get(), pixels.get() + out.size(), out.data());
  if (options.exif_transpose) turn_upright(out, exif_orientation(head.exif));
}

}  // namespace ctnet::data::detail

#endif  // CTNET_STB
