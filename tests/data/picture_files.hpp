// SPDX-License-Identifier: MIT
// PNG and JPEG files for tests, made by hand, so that they may claim what is not there.
#pragma once

#include <jpeglib.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace picture_files {

using Bytes = std::vector<unsigned char>;

inline void number(Bytes& file, std::uint64_t v, int bytes) {
  while (bytes--) file.push_back(bytes < 8 ? static_cast<unsigned char>(v >> 8 * bytes) : 0);
}

inline void chunk(Bytes& file, const std::string& type, const Bytes& data) {
  number(file, data.size(), 4);
  const std::size_t from = file.size();
  file.insert(file.end(), type.begin(), type.end());
  file.insert(file.end(), data.begin(), data.end());
  number(file, ::crc32(0, &file[from], static_cast<uInt>(file.size() - from)), 4);
}

inline Bytes png_of(std::uint32_t h, std::uint32_t w, unsigned char depth, unsigned char colour, const Bytes& rows) {
  Bytes file{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, head, packed(::compressBound(rows.size()));
  number(head, w, 4), number(head, h, 4), number(head, depth, 1), number(head, colour, 1), number(head, 0, 3);
  uLongf n = packed.size();
  if (::compress(packed.data(), &n, rows.data(), rows.size()) != Z_OK) std::abort();
  packed.resize(n);
  chunk(file, "IHDR", head), chunk(file, "IDAT", packed), chunk(file, "IEND", {});
  return file;
}

// (h, w, c), all of one value.
inline Bytes png(int h, int w, int c, unsigned char value) {
  Bytes rows;
  for (int y = 0; y < h; ++y) {
    rows.push_back(0);
    rows.insert(rows.end(), static_cast<std::size_t>(w * c), value);
  }
  constexpr unsigned char colours[] = {0, 4, 2, 6};
  return png_of(static_cast<std::uint32_t>(h), static_cast<std::uint32_t>(w), 8, colours[c - 1], rows);
}

// One bit a pixel, and almost nothing behind the header.
inline Bytes empty_png(std::uint32_t h, std::uint32_t w) { return png_of(h, w, 1, 0, Bytes(100)); }

// The CRC of every chunk, made right.
inline void sum_again(Bytes& file) {
  for (std::size_t at = 8; at + 12 <= file.size();) {
    const std::size_t n =
        std::size_t{file[at]} << 24 | std::size_t{file[at + 1]} << 16 | std::size_t{file[at + 2]} << 8 | file[at + 3];
    Bytes sum;
    number(sum, ::crc32(0, &file[at + 4], static_cast<uInt>(n + 4)), 4);
    for (std::size_t i = 0; i < 4; ++i) file[at + 8 + n + i] = sum[i];
    at += 12 + n;
  }
}

// (h, w, 3), all of one value.
inline Bytes jpeg(int h, int w, unsigned char value) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_CreateCompress(&info, JPEG_LIB_VERSION, sizeof info);
  unsigned char* text = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &text, &size);
  info.image_width = static_cast<JDIMENSION>(w), info.image_height = static_cast<JDIMENSION>(h);
  info.input_components = 3, info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  jpeg_start_compress(&info, TRUE);
  Bytes row(static_cast<std::size_t>(3 * w), value);
  JSAMPROW rows[] = {row.data()};
  for (int y = 0; y < h; ++y) jpeg_write_scanlines(&info, rows, 1);
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const Bytes file(text, text + size);
  std::free(text);
  return file;
}

// A scan of `n` components from `first` on, with coefficients from `low` to `high`.
inline void scan(Bytes& f, unsigned first, int n, int low, int high, const Bytes& data) {
  number(f, 0xFFDA, 2), number(f, static_cast<unsigned>(6 + 2 * n), 2), number(f, static_cast<unsigned>(n), 1);
  for (unsigned c = first; c < first + static_cast<unsigned>(n); ++c) number(f, c << 8, 2);
  number(f, static_cast<unsigned>(low), 1), number(f, static_cast<unsigned>(high), 1), number(f, 0, 1);
  f.insert(f.end(), data.begin(), data.end());
}

// Three components and a scan of the first `in_scan`, whose data is `data`.
inline Bytes jpeg_of(std::uint32_t h, std::uint32_t w, bool progressive, int in_scan, const Bytes& data) {
  Bytes f{0xFF, 0xD8, 0xFF, 0xDB};
  number(f, 67, 2), number(f, 0, 1), f.insert(f.end(), 64, 1);
  number(f, progressive ? 0xFFC2 : 0xFFC0, 2), number(f, 17, 2), number(f, 8, 1), number(f, h, 2), number(f, w, 2);
  number(f, 3, 1);
  for (unsigned c = 1; c <= 3; ++c) number(f, c << 16 | 0x1100, 3);
  for (const unsigned table : {0x00u, 0x10u}) {  // a code of one bit, for 0
    number(f, 0xFFC4, 2), number(f, 20, 2), number(f, table, 1), number(f, 1, 1), number(f, 0, 15), number(f, 0, 1);
  }
  scan(f, 1, in_scan, 0, progressive ? 0 : 63, data);
  number(f, 0xFFD9, 2);
  return f;
}
inline Bytes empty_jpeg(std::uint32_t h, std::uint32_t w, bool progressive) {
  return jpeg_of(h, w, progressive, 3, {});
}
// 16 x 16 pixels; the scan of the first component is whole, the other two never come.
inline Bytes jpeg_of_one_scan_of_three() { return jpeg_of(16, 16, true, 1, {0x0F}); }

// 16 x 16 pixels, progressive: a scan of all components, then one for each of `more` coefficients (up to 189).
inline Bytes jpeg_of_scans(int more) {
  Bytes f = jpeg_of(16, 16, true, 3, {0x00, 0x0F});
  f.resize(f.size() - 2);
  for (int i = 0; i < more; ++i) scan(f, 1 + static_cast<unsigned>(i / 63), 1, 1 + i % 63, 1 + i % 63, {0x0F});
  number(f, 0xFFD9, 2);
  return f;
}

}  // namespace picture_files
