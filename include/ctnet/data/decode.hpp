// SPDX-License-Identifier: MIT
// PNG and JPEG to a Bitmap, by stb_image (link -lstb; only its declarations are here).
#pragma once

#if __has_include(<stb/stb_image.h>)
#  include <stb/stb_image.h>
#else
#  include <stb_image.h>
#endif

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "../core/error.hpp"
#include "pixels.hpp"

namespace ctnet::data {

enum class FileKind { other, png, jpeg };

// By the file's first bytes, whatever its name.
inline FileKind kind_of(std::span<const unsigned char> bytes) {
  constexpr unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, jpeg[] = {0xFF, 0xD8, 0xFF};
  const auto begins = [&](std::span<const unsigned char> with) {
    return bytes.size() >= with.size() && std::equal(with.begin(), with.end(), bytes.begin());
  };
  return begins(png) ? FileKind::png : begins(jpeg) ? FileKind::jpeg : FileKind::other;
}

// Channels are made what `channels` says (1: grey, 3: RGB; an alpha channel is left out). Throws Error, naming `name`.
inline void decode(std::span<const unsigned char> bytes, int channels, const std::string& name, Bitmap& out) {
  struct Free {
    void operator()(stbi_uc* p) const { stbi_image_free(p); }
  };
  if (kind_of(bytes) == FileKind::other) fail(name, ": neither a PNG nor a JPEG file");
  if (bytes.size() > 0x7FFFFFFF) fail(name, ": ", bytes.size(), " bytes, expected fewer than 2^31");
  const int length = static_cast<int>(bytes.size());
  int w = 0, h = 0, in_file = 0;
  const auto reason = [&] {
    const char* words = stbi_failure_reason();
    return std::string(words ? words : "unknown");
  };
  if (!stbi_info_from_memory(bytes.data(), length, &w, &h, &in_file)) fail(name, ": cannot be decoded: ", reason());
  // a few bytes may claim a picture of many gigabytes
  constexpr i64 most = i64{1} << 28;
  if (w < 1 || h < 1 || i64{w} * h > most) fail(name, ": ", h, " x ", w, " pixels, expected 1 to ", most);
  const std::unique_ptr<stbi_uc, Free> pixels{stbi_load_from_memory(bytes.data(), length, &w, &h, &in_file, channels)};
  if (!pixels) fail(name, ": cannot be decoded: ", reason());
  out.resize(channels, h, w);
  std::copy(pixels.get(), pixels.get() + out.size(), out.data());
}

}  // namespace ctnet::data
