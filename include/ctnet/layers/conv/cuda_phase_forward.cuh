// SPDX-License-Identifier: MIT
// Convolution as a phase, forward (cuda_phase.cuh): tiles of one output or of 2 x 2, lanes that share rows of taps.
#pragma once

#include "../../backends/cuda/phase.cuh"
#include "op.hpp"

namespace ctnet::cuda {

// The work's numbers, for all three.
struct ConvCut {
  ConvOp o;
  int channels, filters;             // of a group
  int lanes;                         // that share a sum
  int units;                         // sums, or what is made of sums at once
  FastDivide columns, rows, planes;  // of units: q or x, p or y, k or c
  FastDivide taps;                   // of rows of a window: R
};

template <class T>
struct ConvForwardPhase {
  ConvCut c;
  bool tiles;  // of 2 x 2
  const T *x, *w, *bias;
  T* y;
  Epilogue<T> epilogue;

  __device__ void operator()(const Crew& crew) const {
    if (tiles)
      c.o.s == 5 ? run<2, 5>(crew) : c.o.s == 3 ? run<2, 3>(crew) : run<2, 0>(crew);
    else
      c.o.s == 5 ? run<1, 5>(crew) : c.o.s == 3 ? run<1, 3>(crew) : run<1, 0>(crew);
  }

 private:
  // S: columns of a window, or 0 for any number.
  template <int Tile, int S>
  __device__ void run(const Crew& crew) const {
    const ConvOp& o = c.o;
    const int own = warp_size / c.lanes, part = crew.lane() / own, terms = c.channels * o.r;
    for (int base = crew.first_warp() * own; base < c.units; base += crew.warps() * own) {
      const int unit = base + crew.lane() % own;
      const bool here = unit < c.units;
      const int line = c.columns(here ? unit : 0), plane = c.rows(line), n = c.planes(plane);
      const int q = Tile * c.columns.rest(here ? unit : 0, line), p = Tile * c.rows.rest(line, plane);
      const int k = c.planes.rest(plane, n);
      T acc[Tile][Tile] = {};
      const T* image = x + (n * o.c + (o.groups == 1 ? 0 : k / c.filters * c.channels)) * o.h * o.w;
      const T* taps = w + k * terms * o.s;
      for (int j = part; j < terms; j += c.lanes) {
        const int channel = c.taps(j), r = c.taps.rest(j, channel);
        row<Tile, S>(image + channel * o.h * o.w, p * o.stride_h + r * o.dilation_h - o.pad_h, q * o.stride_w - o.pad_w,
                     taps + j * o.s, acc);
      }
      CTNET_UNROLL
      for (int i = 0; i < Tile * Tile; ++i) acc[i / Tile][i % Tile] = sum_apart(acc[i / Tile][i % Tile], c.lanes);
      if (here && part == 0) store(acc, n * o.k + k, k, p, q);
    }
  }
  // Adds one row of a window's taps to the tile whose first output sees pixel (top, left) first.
  template <int Tile, int S>
  __device__ void row(const T* plane, int top, int left, const T* taps, T (&acc)[Tile][Tile]) const {
    const ConvOp& o = c.o;
    const bool slides = o.stride_w == o.dilation_w;
    T v[Tile][Tile];
    const auto pixel = [&](int line, int column) {
      const int at_y = top + line * o.stride_h;
      const bool inside = static_cast<unsigned>(at_y) < static_cast<unsigned>(o.h) &&
                          static_cast<unsigned>(column) < static_cast<unsigned>(o.w);
      return inside ? plane[at_y * o.w + column] : T(0);
    };
    CTNET_UNROLL
    for (int s = 0; s < (S > 0 ? S : o.s); ++s) {
      const T tap = taps[s];
      CTNET_UNROLL
      for (int i = 0; i < Tile; ++i) CTNET_UNROLL
      for (int j = 0; j < Tile; ++j) {
        if (j + 1 < Tile && s > 0 && slides)
          v[i][j] = v[i][j + 1 < Tile ? j + 1 : j];
        else
          v[i][j] = pixel(i, left + s * o.dilation_w + j * o.stride_w);
        acc[i][j] += v[i][j] * tap;
      }
    }
  }
  template <int Tile>
  __device__ void store(T (&acc)[Tile][Tile], int plane, int k, int p, int q) const {
    const ConvOp& o = c.o;
    const auto channel = epilogue.channel(k);
    const T b = bias ? bias[k] : T(0);
    CTNET_UNROLL
    for (int i = 0; i < Tile; ++i) CTNET_UNROLL
    for (int j = 0; j < Tile; ++j) {
      if (p + i >= o.p || q + j >= o.q) continue;
      const int at = (plane * o.p + p + i) * o.q + q + j;
      acc[i][j] = epilogue(acc[i][j] + b, channel, at);
      if (y) y[at] = acc[i][j];
    }
    if constexpr (Tile == 2)
      if (epilogue.pooled && p + 1 < o.p && q + 1 < o.q)
        epilogue.pooled[(plane * (o.p / 2) + p / 2) * (o.q / 2) + q / 2] =
            winner(winner(acc[0][0], acc[0][1]), winner(acc[1][0], acc[1][1]));
  }
  // The larger; NaN where there is one.
  __device__ static T winner(T a, T b) { return b > a || b != b ? b : a; }
};

}  // namespace ctnet::cuda
