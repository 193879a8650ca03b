// SPDX-License-Identifier: MIT
// Which kernels train a convolution: decided from its numbers, at compile time where the network is known.
//   general   any convolution: im2col and matrix products (cpu.hpp)
//   rows      stride 1: lanes over columns of the image (rows.inl)
//   lanes     stride 1: lanes over channels, tiles of N pixels (lanes.inl)
//   columns   backward-data of stride 1: lanes over channels and the window's columns, tiles of N pixels (columns.inl)
//   winograd  3 x 3 of stride 1 with many channels: F(4x4, 3x3) (winograd.inl), in float
// Costs are multiply-adds, with the lanes and tiles that are filled up with zeros.
#pragma once

#include "small.hpp"

namespace ctnet::cpu {

struct ConvChoice {
  enum Method { general, rows, lanes, columns, winograd };
  struct Pass {
    Method method = general;
    int tile = 0;  // rows: channels; lanes, columns: pixels of a tile
  };
  Pass forward{}, data{};
  Method weights = general;
  int s = 0;  // width of the window

  // As a number, which Kernel<ConvOp, Cpu<T>>::variant gives; 0 is all general.
  constexpr int code() const { return ((weights * 10 + s) * 100 + pass_code(data)) * 100 + pass_code(forward); }
  static constexpr ConvChoice of(int code) {
    ConvChoice c;
    c.forward = pass_of(code % 100);
    c.data = pass_of(code / 100 % 100);
    c.s = code / 10000 % 10;
    c.weights = static_cast<Method>(code / 100000);
    return c;
  }

 private:
  static constexpr int pass_code(Pass p) { return p.method * 10 + p.tile; }
  static constexpr Pass pass_of(int code) { return {static_cast<Method>(code / 10), code % 10}; }
};

// Rows of taps that all output rows take, where `tile` rows at a time skip what meets no row of the image.
constexpr i64 rows_of_taps(const ConvOp& o, int tile) {
  i64 sum = 0;
  for (int p = 0; p < o.p; p += tile) {
    const int last = p + tile < o.p ? p + tile - 1 : o.p - 1;
    const int from = o.pad_h > last ? o.pad_h - last : 0, to = o.h + o.pad_h - p < o.r ? o.h + o.pad_h - p : o.r;
    sum += i64{to - from} * (last - p + 1);
  }
  return sum;
}

struct PassCost {
  ConvChoice::Pass pass{};
  i64 cost = 0;
};
template <class T>
constexpr PassCost choose_pass(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  const i64 each = i64{o.c} * o.s;
  const int channels = round_up(o.k, 6) <= round_up(o.k, 4) ? 6 : 4;
  PassCost best{{ConvChoice::rows, channels}, rows_of_taps(o, 4) * round_up(o.q, L) * round_up(o.k, channels) * each};
  for (int n = 8; n >= 4; --n)
    if (const i64 cost = rows_of_taps(o, 2) * round_up(o.q, n) * round_up(o.k, L) * each; n <= o.q && cost < best.cost)
      best = {{ConvChoice::lanes, n}, cost};
  return best;
}
template <class T>
constexpr ConvChoice::Pass choose_data(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  PassCost best = choose_pass<T>(mirrored(o));
  const i64 rows = rows_of_taps(mirrored(o), 1), vectors = round_up(o.c * o.s, 2 * L) / L;
  const i64 finish = o.h * L * (vectors * (round_up(o.q, L) / L) * 6 * L + round_up(o.w, L) / L * 2 * o.c * o.s);
  for (int n = 6; n >= 4; --n)
    if (const i64 cost = rows * round_up(o.q, n) * vectors * L * o.k + finish; n <= o.q && cost < best.cost)
      best = {{ConvChoice::columns, n}, cost};
  return best.pass;
}

// What the direct kernels can do: any size, but a stride of 1, no groups or dilation, a border within the window's
// reach (so that backward-data is one of them), a window whose row of taps fits into registers.
constexpr bool direct_conv(const ConvOp& o) {
  return o.groups == 1 && o.stride_h == 1 && o.stride_w == 1 && o.dilation_h == 1 && o.dilation_w == 1 &&
         o.pad_h < o.r && o.pad_w < o.s && o.s >= 2 && o.s <= 7;
}
constexpr bool serves(const ConvChoice& choice, const ConvOp& o) {
  return direct_conv(o) && choice.s == o.s &&
         (choice.forward.method == ConvChoice::rows || choice.forward.tile <= o.q) &&
         (choice.weights != ConvChoice::winograd || o.r == 3) &&
         (choice.data.method == ConvChoice::rows ||
          choice.data.tile <= (choice.data.method == ConvChoice::columns ? o.q : o.w));
}

// exact: without Winograd, whose float results are within 2e-5 of the largest. On a Zen 4 core at 115 GFLOP/s, forward
// and backward in microseconds an image, against im2col and products in brackets:
//   LeNet's 3-6 5x5 at 32: rows 7.5 + 8.2 (19.6 + 23.5),  6-16 5x5 at 14: lanes 4.7, lanes and columns 12 (14.8 + 34)
//   3x3 by Winograd: 32-32 at 32: 84 + 176 (249 + 531),  128-128 at 8: 90 + 187 (269 + 1181)
template <class T>
constexpr ConvChoice choose_conv(const ConvOp& o, bool exact = false) {
  constexpr int L = most_lanes<T>;
  if (!exact && sizeof(T) == 4 && direct_conv(o) && o.r == 3 && o.s == 3 && o.c >= 16 && o.k >= 16 &&
      round_up(o.p, 4) * round_up(o.q, 4) <= 2 * o.p * o.q)
    return {{ConvChoice::winograd, 0}, {ConvChoice::winograd, 0}, ConvChoice::winograd, 3};
  // The weights stay in L2, beside an image.
  if (!direct_conv(o) || i64{o.weights()} > 64 * 1024 || i64{o.c + o.k} * o.h * o.w > 256 * 1024) return {};
  ConvChoice choice;
  choice.forward = choose_pass<T>(o).pass;
  choice.data = choose_data<T>(o);
  choice.weights = round_up(o.q, L) * round_up(o.k, 3) < o.q * round_up(o.k, L) ? ConvChoice::rows : ConvChoice::lanes;
  choice.s = o.s;
  return choice;
}

// Elements that the kernels work in, on the target that needs most.
template <class T>
constexpr i64 conv_rows_scratch(const ConvOp& o) {
  return i64{o.c} * o.r * o.s * (o.k + 5) + planes_size(o, most_lanes<T>);
}
template <class T>
constexpr i64 conv_lanes_scratch(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  return round_up(o.k, L) * (1 + i64{o.c} * o.r * o.s) + i64{o.p} * o.q * L + planes_size(o, 1);
}
template <class T>
constexpr i64 conv_columns_scratch(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  const i64 lanes = round_up(o.c * o.s, 2 * L);
  return lanes * (i64{o.r} * o.k + (o.q < L ? L : o.q) + conv_columns_row(o, L));
}
template <class T>
constexpr i64 weights_rows_scratch(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  const i64 channels = o.k + 5;  // in tiles of 6 at most
  return (channels * o.taps() + L) * L + channels * o.p * (o.q + L) + planes_size(o, L);
}
template <class T>
constexpr i64 weights_lanes_scratch(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  const i64 run = i64{o.p} * o.q * L + planes_size(o, 1), end = i64{o.taps()} * L;
  return round_up(o.k, L) * o.taps() + (run > end ? run : end);
}

template <class T>
constexpr i64 winograd_scratch(const ConvOp& o) {
  constexpr int L = most_lanes<T>;
  const WinogradTiles g = winograd_tiles<T>(o);
  const i64 c = round_up(o.c, L), k = round_up(o.k, L), tiles = i64{g.high} * g.wide;
  return k + 36 * c * k + c * (4 * g.high + 2) * (4 * g.wide + 2) + k * 16 * tiles + g.pixels * L +
         i64{36} * g.block * (c + k);
}

}  // namespace ctnet::cpu
