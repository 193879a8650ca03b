// SPDX-License-Identifier: MIT
// Batch normalization of channels too large for one block. Two kernels each way, several blocks a channel: sums over
// ranges of its values, then the values from the sums of all ranges, which every block adds up in the same order.
// Bound by bytes: forward reads x twice and writes y, backward reads x and g twice and writes dx.
#pragma once

#include "cuda_channel.cuh"

namespace ctnet::cuda {

inline constexpr int norm_threads = 256;
// Ranges of a channel at most: enough blocks in all, of 1024 or as many as there are channels.
CTNET_HD constexpr int norm_most_ranges(int channels) {
  return channels >= 1024 ? 1 : channels <= 4 ? 256 : 1024 / channels;
}

// Adds f(pack's place) up over a range in runs of 8 packs, whose sums are of T; S: double sums.
template <int V, class T, class F>
__device__ void add_up(const BatchNormOp& o, int c, const Range& range, double& first, double& second, F f) {
  constexpr int run = 8;
  const int t = static_cast<int>(threadIdx.x);
  ChannelWalk<V> walk(o, c, range.first + t, norm_threads);
  for (i64 i = range.first + t; i < range.last; i += i64{run} * norm_threads) {
    T a = 0, b = 0;
    for (int k = 0; k < run; ++k) {
      if (i + i64{k} * norm_threads < range.last) f(walk.at, a, b);
      walk.next();
    }
    first += static_cast<double>(a);
    second += static_cast<double>(b);
  }
  first = block_sum(first);
  second = block_sum(second);
}

// Block (channel, range); sums (C, ranges).
template <class T, int V>
__global__ __launch_bounds__(norm_threads) void norm_moments(NormForward<T> a, int ranges, Moments* sums) {
  const int c = static_cast<int>(blockIdx.x) / ranges, part = static_cast<int>(blockIdx.x) % ranges;
  const Range range = range_of(i64{a.batch} * (a.op.plane / V), ranges, part);
  const T shift = a.in[ChannelWalk<V>(a.op, c, range.first, 1).at];
  double sum = 0, squares = 0;
  add_up<V, T>(a.op, c, range, sum, squares, [&](i64 at, T& s, T& q) {
    const Pack<T, V> x = load_pack<V>(a.in + at);
    for (int j = 0; j < V; ++j) {
      const T d = x.v[j] - shift;
      s += d;
      q += d * d;
    }
  });
  if (threadIdx.x == 0) {
    const double n = static_cast<double>(range.last - range.first) * V;
    sums[blockIdx.x] = {static_cast<double>(shift) + sum / n, squares - sum * sum / n};
  }
}

// Block (channel, part of its values); sums: null where the running statistics count.
template <class T, int V>
__global__ __launch_bounds__(norm_threads) void norm_values_forward(NormForward<T> a, int ranges, const Moments* sums,
                                                                    int parts) {
  const int c = static_cast<int>(blockIdx.x) / parts, part = static_cast<int>(blockIdx.x) % parts;
  const int t = static_cast<int>(threadIdx.x);
  const i64 packs = i64{a.batch} * (a.op.plane / V);
  Normalize<T> f;
  if (sums) {
    // The squares of a range of n values are about its own mean u; about the batch's, n (u - mean)^2 more.
    const double m = static_cast<double>(packs) * V;
    double sum = 0, squares = 0;
    for (int k = t; k < ranges; k += norm_threads) {
      const Range r = range_of(packs, ranges, k);
      sum += static_cast<double>(r.last - r.first) * V * sums[c * ranges + k].mean;
    }
    const double mean = block_sum(sum) / m;
    for (int k = t; k < ranges; k += norm_threads) {
      const Range r = range_of(packs, ranges, k);
      const double off = sums[c * ranges + k].mean - mean;
      squares += sums[c * ranges + k].squares + static_cast<double>(r.last - r.first) * V * off * off;
    }
    squares = block_sum(squares);
    f = trained(a, c, {mean, squares < 0 ? 0 : squares}, m, t == 0 && part == 0);
  } else {
    f = evaluated(a, c, t == 0 && part == 0);
  }
  const Range mine = range_of(packs, parts, part);
  ChannelWalk<V> walk(a.op, c, mine.first + t, static_cast<int>(blockDim.x));
  for (i64 i = mine.first + t; i < mine.last; i += blockDim.x, walk.next()) {
    finish_pack(a, f, load_pack<V>(a.in + walk.at), walk.at);
    if (!is_comparison(a.epilogue.act)) activate_pack<V>(a, walk.at);
  }
}

struct NormSums {
  double g, gx;
};

template <class T, int V>
__global__ __launch_bounds__(norm_threads) void norm_products(NormBackward<T> a, int ranges, NormSums* sums) {
  const int c = static_cast<int>(blockIdx.x) / ranges, part = static_cast<int>(blockIdx.x) % ranges;
  const Gradient<T> f = undone(a, c);
  double sum_g = 0, sum_gx = 0;
  add_up<V, T>(a.op, c, range_of(i64{a.batch} * (a.op.plane / V), ranges, part), sum_g, sum_gx,
               [&](i64 at, T& s, T& q) {
                 const Pack<T, V> x = load_pack<V>(a.in + at), g = load_pack<V>(a.grad + at);
                 for (int j = 0; j < V; ++j) {
                   s += g.v[j];
                   q += g.v[j] * f.normalized(x.v[j]);
                 }
               });
  if (threadIdx.x == 0) sums[blockIdx.x] = {sum_g, sum_gx};
}

template <class T, int V>
__global__ __launch_bounds__(norm_threads) void norm_values_backward(NormBackward<T> a, int ranges,
                                                                     const NormSums* sums, int parts) {
  const int c = static_cast<int>(blockIdx.x) / parts, part = static_cast<int>(blockIdx.x) % parts;
  const int t = static_cast<int>(threadIdx.x);
  const i64 packs = i64{a.batch} * (a.op.plane / V);
  double sum_g = 0, sum_gx = 0;
  for (int k = t; k < ranges; k += norm_threads) {
    sum_g += sums[c * ranges + k].g;
    sum_gx += sums[c * ranges + k].gx;
  }
  sum_g = block_sum(sum_g);
  sum_gx = block_sum(sum_gx);
  Gradient<T> f = undone(a, c);
  differentiate(a, c, sum_g, sum_gx, static_cast<double>(packs) * V, t == 0 && part == 0, f);
  if (!a.grad_in) return;
  const Range mine = range_of(packs, parts, part);
  ChannelWalk<V> walk(a.op, c, mine.first + t, norm_threads);
  for (i64 i = mine.first + t; i < mine.last; i += norm_threads, walk.next()) {
    finish_pack(a, f, load_pack<V>(a.in + walk.at), load_pack<V>(a.grad + walk.at), walk.at);
    if (!is_comparison(a.mask.act)) mask_pack<V>(a, walk.at);
  }
}

}  // namespace ctnet::cuda
