// SPDX-License-Identifier: MIT
// PNG (ISO/IEC 15948) by libpng (link -lpng -lz), with Pillow's pixels. Only chunks that make pixels are decoded, after
// all sums were checked (png_chunks.hpp), and whatever libpng finds wrong with them is an Error. libpng reports by
// longjmp: the only frame it comes back to is PngReader::run, and no frame that it jumps over has anything to destroy.
#pragma once

#include <png.h>

#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "decode_options.hpp"
#include "exif.hpp"
#include "picture_rows.hpp"
#include "pixels.hpp"
#include "png_chunks.hpp"

namespace ctnet::data::detail {

class PngReader {
 public:
  PngReader(std::span<const unsigned char> bytes, const std::string& name) : left_(bytes), name_(name) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &leave, [](png_structp, png_const_charp) {});
    if (png) info = png_create_info_struct(png);
    if (!info) {
      png_destroy_read_struct(&png, nullptr, nullptr);
      fail(name_, ": libpng cannot begin: no memory, or another version than ", PNG_LIBPNG_VER_STRING);
    }
    png_set_read_fn(png, this, &take);
    png_set_benign_errors(png, 0);  // what it would go on from is an error too
  }
  PngReader(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }

  // f() calls libpng and must own nothing. Throws Error in libpng's words.
  template <class F>
  void call(const F& f) {
    if (!run(f)) fail(name_, ": damaged PNG: ", words_);
  }

  png_structp png = nullptr;
  png_infop info = nullptr;

 private:
  template <class F>
  [[gnu::noinline]] bool run(const F& f) {
    if (setjmp(back_)) return false;
    f();
    return true;
  }
  [[noreturn]] static void leave(png_structp png, png_const_charp words) {
    PngReader& r = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::strncpy(r.words_, words, sizeof r.words_ - 1);
    std::longjmp(r.back_, 1);
  }
  static void take(png_structp png, png_bytep to, std::size_t n) {
    PngReader& r = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > r.left_.size()) png_error(png, "ends too early");
    std::memcpy(to, r.left_.data(), n);
    r.left_ = r.left_.subspan(n);
  }

  std::span<const unsigned char> left_;
  const std::string& name_;
  std::jmp_buf back_;
  char words_[200] = "";
};

// Whatever the file has, as rows of palette indices, of grey with 8 or 16 bits, or of RGB with 8.
inline void ask_for_rows(png_structp png, png_infop info, const PngHead& head) {
  const bool grey = head.colour == PNG_COLOR_TYPE_GRAY;
  png_byte transparent[] = {'t', 'R', 'N', 'S', 0};
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // all that makes no pixels
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, transparent, 1);
  png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);  // png_head has checked them
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);               // so has check_size
  png_read_info(png, info);
  if (head.depth == 16 && !grey) png_set_strip_16(png);
  if (head.depth < 8) grey ? png_set_expand_gray_1_2_4_to_8(png) : png_set_packing(png);
  if (head.colour & PNG_COLOR_MASK_ALPHA) png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

// The palette's colours for a row of indices; false where one has none.
inline bool palette_row(const unsigned char* from, int w, const png_color* palette, int colours, int channels,
                        unsigned char* to) {
  for (int x = 0; x < w; ++x) {
    if (from[x] >= colours) return false;
    const png_color& c = palette[from[x]];
    put(c.red, c.green, c.blue, channels, to);
  }
  return true;
}

inline void decode_png(std::span<const unsigned char> bytes, int channels, const std::string& name, Bitmap& out,
                       const DecodeOptions& options) {
  const PngHead head = png_head(bytes, name);
  check_png(head, options, name);
  const bool grey = !(head.colour & PNG_COLOR_MASK_COLOR), indices = head.colour == PNG_COLOR_TYPE_PALETTE;
  const bool deep = head.colour == PNG_COLOR_TYPE_GRAY && head.depth == 16;

  PngReader reader(head.bytes, name);
  png_colorp palette = nullptr;
  int colours = 0;
  std::size_t stride = 0;
  bool interlaced = false;
  reader.call([&] {
    ask_for_rows(reader.png, reader.info, head);
    if (indices) png_get_PLTE(reader.png, reader.info, &palette, &colours);
    stride = png_get_rowbytes(reader.png, reader.info);
    interlaced = png_get_interlace_type(reader.png, reader.info) != PNG_INTERLACE_NONE;
  });
  out.resize(channels, static_cast<int>(head.h), static_cast<int>(head.w));
  const bool direct = !deep && !indices && channels == (grey ? 1 : 3);
  std::vector<unsigned char> rows(direct ? 0 : interlaced ? stride * static_cast<std::size_t>(head.h) : stride);
  bool known = true;
  const auto place = [&](int y) {
    return direct ? out.row(0, y) : rows.data() + (interlaced ? stride * static_cast<std::size_t>(y) : 0);
  };
  const auto convert = [&](int y) {
    const unsigned char* const from = place(y);
    unsigned char* const to = out.row(0, y);
    if (direct) return;
    if (indices)
      known = palette_row(from, out.w, palette, colours, channels, to) && known;
    else
      (deep ? deep_grey_row : grey ? grey_row : rgb_row)(from, out.w, channels, to);
  };
  reader.call([&] {
    for (int pass = 0, passes = interlaced ? 7 : 1; pass < passes; ++pass)
      for (int y = 0; y < out.h; ++y) {
        png_read_row(reader.png, place(y), nullptr);
        if (pass == passes - 1) convert(y);
      }
    png_read_end(reader.png, nullptr);
  });
  if (!known) fail(name, ": damaged PNG: a pixel has a colour that its palette of ", colours, " has not");
  if (options.exif_transpose) turn_upright(out, exif_orientation(head.exif));
}

}  // namespace ctnet::data::detail
