// SPDX-License-Identifier: MIT
// What a caller may ask of decoding, and what every decoder checks before it allocates.
#pragma once

#include <cstddef>
#include <string>

#include "../core/error.hpp"
#include "../core/shape.hpp"

namespace ctnet::data {

struct DecodeOptions {
  i64 max_pixels = i64{1} << 26;  // a picture that has more is an Error, before anything is allocated for it
  bool exif_transpose = false;    // turned upright as its EXIF orientation says; torchvision's ImageFolder does not
};

namespace detail {

// The size that a header claims. Throws Error naming the file and its kind.
inline void check_size(i64 h, i64 w, const DecodeOptions& options, const std::string& name, const char* kind) {
  if (h < 1 || w < 1) fail(name, ": damaged ", kind, ": ", h, " x ", w, " pixels, expected 1 x 1 or more");
  if (w > options.max_pixels / h)
    fail(name, ": a ", kind, " of ", h, " x ", w, " pixels, expected at most ", options.max_pixels,
         " (DecodeOptions::max_pixels)");
}

[[noreturn]] inline void fail_early(const std::string& name, const char* kind) {
  fail(name, ": the ", kind, " ends too early");
}
[[noreturn]] inline void fail_early(const std::string& name, const char* kind, std::size_t bytes, i64 h, i64 w) {
  fail(name, ": the ", kind, " ends too early: ", bytes, " bytes of it cannot hold ", h, " x ", w, " pixels");
}

}  // namespace detail

}  // namespace ctnet::data
