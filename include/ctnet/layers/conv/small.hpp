// SPDX-License-Identifier: MIT
// What the direct kernels of stride 1 (small.inl, rows.inl, lanes.inl) know of a convolution, and the memory they
// work in. Backward-data is such a convolution too, of dY with the window turned around: mirrored().
#pragma once

#include "../../core/shape.hpp"
#include "op.hpp"

namespace ctnet::cpu {

template <class T>
inline constexpr int most_lanes = static_cast<int>(64 / sizeof(T));  // of any target

// One image's channels as the kernels read them: the tensor itself, or a copy with its border.
struct Planes {
  i64 plane = 0, row = 0;
  bool copied = false;
};
// `whole` vectors of `lanes` columns are read for each output row.
constexpr Planes planes_of(const ConvOp& o, int lanes) {
  if (o.pad_h == 0 && o.pad_w == 0 && o.q >= lanes) return {i64{o.h} * o.w, o.w, false};
  const int row = o.w + 2 * o.pad_w;
  return {i64{row} * (o.h + 2 * o.pad_h), row, true};
}
// Elements of the copy; a vector may reach beyond the last row.
constexpr i64 planes_size(const ConvOp& o, int lanes) {
  const Planes x = planes_of(o, lanes);
  return x.copied ? o.c * x.plane + lanes : 0;
}

constexpr i64 round_up(i64 n, i64 to) { return (n + to - 1) / to * to; }

// Elements of a row of conv_columns' sums: as many pixels as any vector of dX's row reaches.
constexpr i64 conv_columns_row(const ConvOp& o, int lanes) {
  const i64 wide = o.q < lanes ? lanes : o.q, read = round_up(o.w, lanes) + o.pad_w;
  return o.s - 1 + (wide > read ? wide : read);
}

// Tiles of 4 x 4 outputs of Winograd's kernels (winograd.inl), and how many are transformed at a time.
struct WinogradTiles {
  int high = 0, wide = 0;  // of an image
  int images = 1;          // that share a block, where they are small
  int block = 0;
  i64 pixels = 0;  // of the larger of input and output
};
template <class T>
constexpr WinogradTiles winograd_tiles(const ConvOp& o) {
  WinogradTiles g;
  g.high = (o.p + 3) / 4, g.wide = (o.q + 3) / 4;
  const int all = g.high * g.wide;
  const i64 fit = 640 * 1024 / (36 * static_cast<i64>(sizeof(T)) * (o.c + o.k));  // of L2
  const int most = fit < 32 ? 32 : fit > 64 ? 64 : static_cast<int>(fit);
  g.images = all < most ? most / all : 1;
  g.block = static_cast<int>(round_up(all < most ? g.images * all : most, 8));
  g.pixels = i64{o.h} * o.w > i64{o.p} * o.q ? i64{o.h} * o.w : i64{o.p} * o.q;
  return g;
}

}  // namespace ctnet::cpu
