// SPDX-License-Identifier: MIT
// JPEG by libjpeg-turbo (link -ljpeg), with Pillow's pixels. What libjpeg only warns of (data that it had to guess) is
// an Error. libjpeg reports by longjmp: the only frame it comes back to is JpegReader::run, and no frame that it jumps
// over has anything to destroy.
#pragma once

#include <stdio.h>
// after stdio.h, which it needs
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "decode_options.hpp"
#include "exif.hpp"
#include "picture_rows.hpp"
#include "pixels.hpp"

namespace ctnet::data::detail {

class JpegReader {
 public:
  explicit JpegReader(const std::string& name) : name_(name) {
    info.err = jpeg_std_error(&errors_);
    errors_.error_exit = &leave;
    errors_.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) leave(common);
    };
    errors_.output_message = [](j_common_ptr) {};
    info.client_data = this;
    call([&] { jpeg_CreateDecompress(&info, JPEG_LIB_VERSION, sizeof info); });
    progress_.progress_monitor = &watch;
    info.progress = &progress_;
  }
  JpegReader(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info); }

  // f() calls libjpeg and must own nothing. Throws Error in libjpeg's words.
  template <class F>
  void call(const F& f) {
    if (run(f)) return;
    if (early_) fail_early(name_, "JPEG");
    fail(name_, ": damaged JPEG: ", words_);
  }

  // Each component came in a scan; what never came would be grey.
  bool complete() const { return seen_ == (1u << info.num_components) - 1; }

  jpeg_decompress_struct info{};

 private:
  // Each scan costs a pass over the whole picture, however few its bytes; encoders make ten or so.
  int most_scans() const {
    const i64 pixels = i64{info.image_height} * info.image_width;
    return static_cast<int>(std::clamp<i64>((i64{1} << 31) / std::max<i64>(pixels, 1), 32, 100));
  }

  template <class F>
  [[gnu::noinline]] bool run(const F& f) {
    if (setjmp(back_)) return false;
    f();
    return true;
  }
  static JpegReader& self(j_common_ptr common) { return *static_cast<JpegReader*>(common->client_data); }
  [[noreturn]] static void leave(j_common_ptr common) {
    JpegReader& r = self(common);
    common->err->format_message(common, r.words_);
    // "Premature end of JPEG file", "... data: premature end of data segment": in these words for thirty years, and the
    // header with their numbers defines macros of common names
    r.early_ = std::strstr(r.words_, "remature end") != nullptr || std::strstr(r.words_, "Empty input") != nullptr;
    std::longjmp(r.back_, 1);
  }
  static void watch(j_common_ptr common) {
    JpegReader& r = self(common);
    for (int i = 0; i < r.info.comps_in_scan; ++i) r.seen_ |= 1u << r.info.cur_comp_info[i]->component_index;
    if (r.info.input_scan_number <= r.most_scans()) return;
    std::snprintf(r.words_, sizeof r.words_, "more than %d scans", r.most_scans());
    std::longjmp(r.back_, 1);
  }

  const std::string& name_;
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf back_;
  char words_[JMSG_LENGTH_MAX] = "";
  bool early_ = false;
  unsigned seen_ = 0;
};

// `options.max_pixels`, and what so few bytes may hold: a block of 8 x 8 takes a bit or more, except where it is coded
// arithmetically.
inline void check_jpeg(const jpeg_decompress_struct& info, std::size_t bytes, const DecodeOptions& options,
                       const std::string& name) {
  const i64 h = info.image_height, w = info.image_width;
  check_size(h, w, options, name, "JPEG");
  const int n = info.num_components;
  if (n != 1 && n != 3 && n != 4) fail(name, ": a JPEG of ", n, " components, expected 1, 3 or 4");
  if (info.data_precision != 8) fail(name, ": a JPEG of ", info.data_precision, " bits a sample, expected 8");
  i64 blocks = 0;
  for (int i = 0; i < n; ++i)
    blocks += i64{info.comp_info[i].width_in_blocks} * i64{info.comp_info[i].height_in_blocks};
  if (!info.arith_code && static_cast<std::size_t>(blocks / 8) > bytes) fail_early(name, "JPEG", bytes, h, w);
}

inline int orientation_of(const jpeg_decompress_struct& info) {
  for (const jpeg_marker_struct* m = info.marker_list; m; m = m->next)
    if (m->data_length > 6 && std::memcmp(m->data, "Exif\0\0", 6) == 0)
      return exif_orientation({m->data + 6, m->data_length - 6u});
  return 1;
}

inline void decode_jpeg(std::span<const unsigned char> bytes, int channels, const std::string& name, Bitmap& out,
                        const DecodeOptions& options) {
  JpegReader reader(name);
  jpeg_decompress_struct& info = reader.info;
  reader.call([&] {
    jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
    if (options.exif_transpose) jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&info, TRUE);
  });
  check_jpeg(info, bytes.size(), options, name);
  const bool cmyk = info.num_components == 4, grey = info.num_components == 1;
  info.out_color_space = cmyk ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
  const int orientation = orientation_of(info);  // 1 where markers are not kept
  const bool several = jpeg_has_multiple_scans(&info);
  reader.call([&] { jpeg_start_decompress(&info); });
  if (several && !reader.complete()) fail_early(name, "JPEG");

  const int w = static_cast<int>(info.output_width);
  out.resize(channels, static_cast<int>(info.output_height), w);
  const bool direct = channels == info.output_components;
  std::vector<unsigned char> row(
      direct ? 0 : static_cast<std::size_t>(w) * static_cast<std::size_t>(info.output_components));
  reader.call([&] {
    while (info.output_scanline < info.output_height) {
      unsigned char* const to = out.row(0, static_cast<int>(info.output_scanline));
      JSAMPROW from = direct ? to : row.data();
      jpeg_read_scanlines(&info, &from, 1);
      if (direct) continue;
      (cmyk ? cmyk_row : grey ? grey_row : rgb_row)(from, w, channels, to);
    }
    jpeg_finish_decompress(&info);
  });
  turn_upright(out, orientation);
}

}  // namespace ctnet::data::detail
