// SPDX-License-Identifier: MIT
// Batch normalization where a channel's values fit into the registers of one block: one block for each channel loads
// them once and computes everything. Bound by bytes: forward reads x and writes y once, backward reads x and g and
// writes dx, the least there is. A block's loads are all on their way before the first is used.
#pragma once

#include "cuda_channel.cuh"

namespace ctnet::cuda {

inline constexpr int norm_most_threads = 1024;
template <class T>
inline constexpr int norm_values = 64 / sizeof(T);  // of a thread
template <class T>
inline constexpr int norm_whole_most = norm_most_threads * norm_values<T>;
inline constexpr int norm_whole_channels = 1 << 16;  // at most, so that places fit into an int

template <class T, int V>
__global__ __launch_bounds__(norm_most_threads) void norm_whole_forward(NormForward<T> a) {
  constexpr int packs = norm_values<T> / V;
  const int c = static_cast<int>(blockIdx.x), step = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x);
  const int all = a.batch * (a.op.plane / V);
  const double m = static_cast<double>(all) * V;
  Pack<T, V> x[packs];
  ChannelWalk<V, int> walk(a.op, c, t, step);
  for (int k = 0; k < packs; ++k, walk.next())
    if (t + k * step < all) x[k] = load_pack<V>(a.in + walk.at);

  const T shift = a.in[i64{c} * a.op.plane];  // so that sums of float lose nothing where the mean is far from 0
  T sum = 0;
  for (int k = 0; k < packs; ++k)
    if (t + k * step < all)
      for (int j = 0; j < V; ++j) sum += x[k].v[j] - shift;
  const double mean = static_cast<double>(shift) + block_sum(static_cast<double>(sum)) / m;

  const T near = static_cast<T>(mean);
  T square = 0;
  for (int k = 0; k < packs; ++k)
    if (t + k * step < all)
      for (int j = 0; j < V; ++j) square += (x[k].v[j] - near) * (x[k].v[j] - near);
  const double off = mean - static_cast<double>(near);
  const double squares = block_sum(static_cast<double>(square)) - m * off * off;

  const Normalize<T> f = trained(a, c, {mean, squares < 0 ? 0 : squares}, m, t == 0);
  walk = ChannelWalk<V, int>(a.op, c, t, step);
  for (int k = 0; k < packs; ++k, walk.next())
    if (t + k * step < all) finish_pack(a, f, x[k], walk.at);
  if (is_comparison(a.epilogue.act)) return;
  walk = ChannelWalk<V, int>(a.op, c, t, step);
  for (int i = t; i < all; i += step, walk.next()) activate_pack<V>(a, walk.at);
}

template <class T, int V>
__global__ __launch_bounds__(norm_most_threads) void norm_whole_backward(NormBackward<T> a) {
  constexpr int packs = norm_values<T> / 2 / V;  // of x, and as many of the gradient
  const int c = static_cast<int>(blockIdx.x), step = static_cast<int>(blockDim.x), t = static_cast<int>(threadIdx.x);
  const int all = a.batch * (a.op.plane / V);
  const double m = static_cast<double>(all) * V;
  Pack<T, V> x[packs], g[packs];
  ChannelWalk<V, int> walk(a.op, c, t, step);
  for (int k = 0; k < packs; ++k, walk.next())
    if (t + k * step < all) {
      x[k] = load_pack<V>(a.in + walk.at);
      g[k] = load_pack<V>(a.grad + walk.at);
    }

  Gradient<T> f = undone(a, c);
  T sum_g = 0, sum_gx = 0;
  for (int k = 0; k < packs; ++k)
    if (t + k * step < all)
      for (int j = 0; j < V; ++j) {
        sum_g += g[k].v[j];
        sum_gx += g[k].v[j] * f.normalized(x[k].v[j]);
      }
  const double all_g = block_sum(static_cast<double>(sum_g)), all_gx = block_sum(static_cast<double>(sum_gx));
  differentiate(a, c, all_g, all_gx, m, t == 0, f);
  if (!a.grad_in) return;
  walk = ChannelWalk<V, int>(a.op, c, t, step);
  for (int k = 0; k < packs; ++k, walk.next())
    if (t + k * step < all) finish_pack(a, f, x[k], g[k], walk.at);
  if (is_comparison(a.mask.act)) return;
  walk = ChannelWalk<V, int>(a.op, c, t, step);
  for (int i = t; i < all; i += step, walk.next()) mask_pack<V>(a, walk.at);
}

}  // namespace ctnet::cuda
