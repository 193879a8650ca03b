// SPDX-License-Identifier: MIT
// Convolution as phases, backward (cuda_phase.cuh): the gradient of the input, pixel by pixel, and that of the weights,
// row by row.
#pragma once

#include "cuda_phase_forward.cuh"

namespace ctnet::cuda {

template <class T>
struct ConvDataPhase {
  ConvCut c;
  FastDivide stride_h, stride_w;
  const T *grad, *w;
  T* grad_in;
  Mask<T> mask;

  __device__ void operator()(const Crew& crew) const {
    c.o.s == 5 ? run<5>(crew) : c.o.s == 3 ? run<3>(crew) : run<0>(crew);
  }

 private:
  template <int S>
  __device__ void run(const Crew& crew) const {
    const ConvOp& o = c.o;
    const int own = warp_size / c.lanes, part = crew.lane() / own, terms = c.filters * o.r;
    for (int base = crew.first_warp() * own; base < c.units; base += crew.warps() * own) {
      const int unit = base + crew.lane() % own;
      const bool here = unit < c.units;
      const int line = c.columns(here ? unit : 0), plane = c.rows(line), n = c.planes(plane);
      const int pixel_x = c.columns.rest(here ? unit : 0, line), pixel_y = c.rows.rest(line, plane);
      const int channel = c.planes.rest(plane, n);
      const int group = o.groups == 1 ? 0 : channel / c.channels, own_channel = channel - group * c.channels;
      T acc = 0;
      for (int j = part; j < terms; j += c.lanes) {
        const int filter = c.taps(j), r = c.taps.rest(j, filter), k = group * c.filters + filter;
        const int from_top = pixel_y + o.pad_h - r * o.dilation_h;
        if (from_top < 0) continue;
        const int p = stride_h(from_top);
        if (p >= o.p || stride_h.rest(from_top, p) != 0) continue;
        const T* g = grad + ((n * o.k + k) * o.p + p) * o.q;
        const T* taps = w + ((k * c.channels + own_channel) * o.r + r) * o.s;
        CTNET_UNROLL
        for (int s = 0; s < (S > 0 ? S : o.s); ++s) {
          const int from_left = pixel_x + o.pad_w - s * o.dilation_w;
          const int q = from_left < 0 ? o.q : stride_w(from_left);
          if (q < o.q && stride_w.rest(from_left, q) == 0) acc += g[q] * taps[s];
        }
      }
      acc = sum_apart(acc, c.lanes);
      if (here && part == 0) grad_in[unit] = mask(acc, unit);
    }
  }
};

template <class T>
struct ConvRowSums {
  T of[crew_warps][8];
};

// Units: rows of weights (filter, channel, r), then biases. lanes: 1 where a warp has a unit, 8 where a block has.
template <class T>
struct ConvWeightsPhase {
  ConvCut c;
  int batch;
  FastDivide places;  // of all outputs of a filter: P Q
  const T *grad, *x;
  T *to, *bias;
  bool accumulate;

  __device__ void operator()(const Crew& crew) const {
    c.o.s == 5 ? run<5>(crew) : c.o.s == 3 ? run<3>(crew) : run<1>(crew);
  }

 private:
  // W weights of a row together.
  template <int W>
  __device__ void run(const Crew& crew) const {
    const ConvOp& o = c.o;
    const bool together = c.lanes > 1;
    const int rows = o.k * c.channels * o.r, pieces = o.s / W;  // s is W, or W is 1
    for (int i = together ? crew.block : crew.first_warp(); i < c.units; i += together ? crew.blocks : crew.warps()) {
      const bool of_bias = i >= rows * pieces;
      const int row = of_bias ? 0 : W > 1 ? i : i / o.s, s = of_bias || W > 1 ? 0 : i - row * o.s;
      const int window = c.taps(row), r = c.taps.rest(row, window);  // window: (filter, channel)
      const int k = of_bias ? i - rows * pieces : c.planes(window);
      const int channel = of_bias ? 0 : c.planes.rest(window, k) + (o.groups == 1 ? 0 : k / c.filters * c.channels);
      T acc[W] = {};
      add<W>(together ? crew.thread : crew.lane(), together ? crew_threads : warp_size, of_bias, k, channel, r, s, acc);
      CTNET_UNROLL
      for (int j = 0; j < W; ++j) acc[j] = warp_sum(acc[j]);
      if (together) {
        auto& sums = shared<ConvRowSums<T>>();
        sync_block();  // an earlier row's sums may still be being read
        CTNET_UNROLL
        for (int j = 0; j < W; ++j)
          if (crew.lane() == 0) sums.of[crew.thread / warp_size][j] = acc[j];
        sync_block();
        CTNET_UNROLL
        for (int j = 0; j < W; ++j) {
          acc[j] = sums.of[0][j];
          for (int warp = 1; warp < crew_warps; ++warp) acc[j] += sums.of[warp][j];
        }
      }
      if ((together ? crew.thread : crew.lane()) != 0) continue;
      CTNET_UNROLL
      for (int j = 0; j < W; ++j) {
        T* at = of_bias ? bias + k : to + row * o.s + s + j;
        if (!of_bias || j == 0) *at = accumulate ? *at + acc[j] : acc[j];
      }
    }
  }
  template <int W>
  __device__ void add(int first, int step, bool of_bias, int k, int channel, int r, int s, T (&acc)[W]) const {
    const ConvOp& o = c.o;
    const int all = batch * static_cast<int>(places.divisor);
    CTNET_UNROLL_4
    for (int i = first; i < all; i += step) {
      const int n = places(i), place = places.rest(i, n);
      const T g = grad[(n * o.k + k) * static_cast<int>(places.divisor) + place];
      if (of_bias) {
        acc[0] += g;
        continue;
      }
      const int p = c.columns(place), q = c.columns.rest(place, p);
      const int at_y = p * o.stride_h + r * o.dilation_h - o.pad_h, left = q * o.stride_w + s * o.dilation_w - o.pad_w;
      if (static_cast<unsigned>(at_y) >= static_cast<unsigned>(o.h)) continue;
      const T* from = x + ((n * o.c + channel) * o.h + at_y) * o.w;
      CTNET_UNROLL
      for (int j = 0; j < W; ++j) {
        const int column = left + j * o.dilation_w;
        if (static_cast<unsigned>(column) < static_cast<unsigned>(o.w)) acc[j] += g * from[column];
      }
    }
  }
};

}  // namespace ctnet::cuda
