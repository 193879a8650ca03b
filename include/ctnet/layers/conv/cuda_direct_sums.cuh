// SPDX-License-Identifier: MIT
// The gradients of a small convolution's filters and biases on the GPU:
//   dw(k,c,r,s) = sum over n,p,q of dY(n,k,p,q) x(n, c, p*stride + r - pad, q*stride + s - pad)
// A thread keeps the R S sums of KT filters and one channel in registers and walks along one row of outputs, 4 at a
// time: 4 R S KT products for R (S + 3) + 4 KT words. A block's threads are pairs of (filters, channel) times slots,
// rows of `images` images; it goes through its slice of the batch, then adds up its slots. One slice: that is the
// gradient. Several: each writes its sums to scratch and reduce_kernel adds them up in order.
#pragma once

#include "cuda_direct_tiles.cuh"

namespace ctnet::cuda::direct {

// Block b: filters and channels as of b % pair_blocks, slice b / pair_blocks.
struct Sums {
  ConvOp o;
  int batch;
  int groups, channels;  // of a block: groups of KT filters, channels
  int group_blocks, channel_blocks;
  int images, band, bands;  // in shared memory at a time: `band` rows of outputs of `images` images
  int slices, numbers;
  int rows, pitch, grad_pitch;
  int threads, blocks, shared;
};

template <class T, int R, int S, int Stride, int KT, bool Small>
struct Sum {
  static constexpr int columns = round_up(3 * Stride + S, 2);
  static constexpr int vector = sizeof(T) == 4 ? 4 : 2;

  // What does not depend on the batch.
  static constexpr Sums shape(const ConvOp& o) {
    Sums t{};
    t.o = o;
    t.numbers = o.weights() + (o.bias ? o.k : 0);
    const int all = (o.k + KT - 1) / KT, wide = round_up(o.q, 4);
    t.pitch = odd_quads((wide - 4) * Stride + columns);
    t.grad_pitch = odd_quads(wide);
    t.band = o.p;
    t.channels = t.groups = t.images = 1;
    t.bands = (o.p + 31) / 32;
    for (;; ++t.bands) {
      t.band = (o.p + t.bands - 1) / t.bands;
      const int pairs = Small ? 1 : most(1, most_threads / t.band);
      t.channels = least(o.c, pairs);
      while (t.channels > 1 && bytes(t) > most_shared) --t.channels;
      t.groups = most(1, least(all, pairs / t.channels));
      while (t.groups > 1 && bytes(t) > most_shared) --t.groups;
      if (t.band == 1 || bytes(t) <= most_shared) break;
    }
    t.bands = (o.p + t.band - 1) / t.band;
    t.channels = cut(o.c, t.channels);
    t.groups = cut(all, t.groups);
    t.channel_blocks = (o.c + t.channels - 1) / t.channels;
    t.group_blocks = (all + t.groups - 1) / t.groups;
    if (t.bands == 1) t.images = most(1, most_threads / (t.channels * t.groups * t.band));
    while (t.images > 1 && bytes(t) > most_shared) --t.images;
    t.slices = Small ? 1 : most(1, 2 * sms / (t.channel_blocks * t.group_blocks));
    return t;
  }

  static Sums plan(const ConvOp& o, int batch) {
    Sums t = shape(o);
    t.batch = batch;
    t.images = least(t.images, batch);
    const i64 units = ceil_div(batch, t.images) * t.bands;
    if (units < t.slices) t.slices = static_cast<int>(units);
    t.rows = rows(t);
    t.threads = round_up(t.groups * t.channels * t.images * t.band, warp_size);
    t.blocks = t.group_blocks * t.channel_blocks * t.slices;
    t.shared = static_cast<int>(bytes(t));
    return t;
  }

  // `w_sums`: where the block's sums go.
  static __device__ void run(const Sums& t, int block, const T* x, const T* grad, T* w_sums, bool accumulate) {
    const ConvOp& o = t.o;
    const int pair_blocks = t.group_blocks * t.channel_blocks, slice = block / pair_blocks;
    const int k0 = block % pair_blocks / t.channel_blocks * t.groups * KT, c0 = block % t.channel_blocks * t.channels;
    const int filters = least(t.groups * KT, o.k - k0), channels = least(t.channels, o.c - c0);
    T* planes = reinterpret_cast<T*>(dynamic_shared());
    const int x_image = t.channels * t.rows * t.pitch, grad_image = t.groups * KT * t.band * t.grad_pitch;
    T* grads = planes + t.images * x_image;

    const int thread = static_cast<int>(threadIdx.x), slots = t.images * t.band;
    const int slot = thread % slots, pair = thread / slots, c = pair % t.channels, group = pair / t.channels;
    const int row = slot % t.band, image = slot / t.band;
    T acc[KT][R][S] = {}, bias[KT] = {};
    const int units = (t.batch + t.images - 1) / t.images * t.bands;
    for (int unit = slice; unit < units; unit += t.slices) {
      const int n0 = unit / t.bands * t.images, p0 = unit % t.bands * t.band;
      sync_block();  // the last unit's planes may still be being read
      for (int n = n0; n < n0 + t.images && n < t.batch; ++n) {
        stage_planes(planes + (n - n0) * x_image, x + (i64{n} * o.c + c0) * o.h * o.w, channels, o.h, o.w,
                     p0 * Stride - o.pad_h, o.pad_w, t.rows, t.pitch);
        stage_planes(grads + (n - n0) * grad_image, grad + (i64{n} * o.k + k0) * o.p * o.q, filters, o.p, o.q, p0, 0,
                     t.band, t.grad_pitch);
      }
      staged();
      if (group >= t.groups || n0 + image >= t.batch || p0 + row >= o.p) continue;
      const T* from = planes + image * x_image + (c * t.rows + row * Stride) * t.pitch;
      const T* g_from = grads + image * grad_image + (group * KT * t.band + row) * t.grad_pitch;
      CTNET_UNROLL_1
      for (int q = 0; q < o.q; q += 4) {
        T g[KT][4];
        CTNET_UNROLL
        for (int k = 0; k < KT; ++k) load_row<vector>(g[k], g_from + k * t.band * t.grad_pitch + q);
        CTNET_UNROLL
        for (int r = 0; r < R; ++r) {
          T v[columns];
          load_row<vector>(v, from + r * t.pitch + q * Stride);
          CTNET_UNROLL
          for (int k = 0; k < KT; ++k) {
            CTNET_UNROLL
            for (int s = 0; s < S; ++s) {
              CTNET_UNROLL
              for (int j = 0; j < 4; ++j) acc[k][r][s] += g[k][j] * v[j * Stride + s];
            }
          }
        }
        if (c == 0) {
          CTNET_UNROLL
          for (int k = 0; k < KT; ++k) {
            CTNET_UNROLL
            for (int j = 0; j < 4; ++j) bias[k] += g[k][j];
          }
        }
      }
    }

    const int pairs = t.groups * t.channels;
    const auto put = [&](int at, T sum) { w_sums[at] = accumulate ? w_sums[at] + sum : sum; };
    constexpr int rows_at_once = Small ? R : 1, values = KT * S * rows_at_once;
    CTNET_UNROLL
    for (int r = 0; r < R; r += rows_at_once) {
      add_slots<values>(
          t.threads, pairs, slots, [&](int v) { return acc[v / (S * rows_at_once)][r + v / S % rows_at_once][v % S]; },
          [&](int of_pair, int v, T sum) {
            const int k = of_pair / t.channels * KT + v / (S * rows_at_once), in_c = of_pair % t.channels;
            if (k < filters && in_c < channels)
              put(((k0 + k) * o.c + c0 + in_c) * (R * S) + (r + v / S % rows_at_once) * S + v % S, sum);
          });
    }
    if (o.bias && c0 == 0)
      add_slots<KT>(
          t.threads, pairs, slots, [&](int v) { return bias[v]; },
          [&](int of_pair, int v, T sum) {
            const int k = of_pair / t.channels * KT + v;
            if (k < filters && of_pair % t.channels == 0) put(o.k * o.c * (R * S) + k0 + k, sum);
          });
  }

 private:
  static constexpr int rows(const Sums& t) { return (t.band - 1) * Stride + R; }
  // At least n and an odd multiple of 4: rows read at the same time lie in different banks.
  static constexpr int odd_quads(int n) { return round_up(n - 4, 8) + 4; }
  // n in pieces of at most `size`, as equal as can be.
  static constexpr int cut(int n, int size) { return (n + (n + size - 1) / size - 1) / ((n + size - 1) / size); }
  static constexpr i64 bytes(const Sums& t) {
    const i64 staged_ = t.images * (i64{t.channels} * rows(t) * t.pitch + i64{t.groups} * KT * t.band * t.grad_pitch);
    const i64 threads = round_up(t.groups * t.channels * t.images * t.band, warp_size);
    const i64 summed = threads * KT * S * (Small ? R : 1);
    return (staged_ > summed ? staged_ : summed) * static_cast<i64>(sizeof(T));
  }

  // Of V numbers of each thread the sums over the slots of each pair: after(pair, number, sum), in some threads.
  // Of `threads` threads; the block may have more.
  template <int V, class Number, class After>
  static __device__ void add_slots(int threads, int pairs, int slots, Number number, After after) {
    T* parts = reinterpret_cast<T*>(dynamic_shared());
    const int thread = static_cast<int>(threadIdx.x);
    const bool mine = thread < threads;
    sync_block();
    if (mine) {
      CTNET_UNROLL
      for (int v = 0; v < V; ++v) parts[v * threads + thread] = number(v);
    }
    sync_block();
    const int outputs = V * pairs;
    int lanes = warp_size;  // that add up one sum
    while (lanes > 1 && outputs * lanes > threads) lanes /= 2;
    const int step = threads / lanes, lane = thread % lanes;
    for (int first = 0; first < outputs; first += step) {  // the same for all threads
      const int output = first + thread / lanes, v = output / pairs, pair = output % pairs;
      T sum = 0;
      const bool there = mine && output < outputs;
      if (there)
        for (int slot = lane; slot < slots; slot += lanes) sum += parts[v * threads + pair * slots + slot];
      for (int mask = lanes / 2; mask > 0; mask /= 2) sum += shuffle_xor(sum, mask);
      if (lane == 0 && there) after(pair, v, sum);
    }
  }
};

// Adds up slices: block (32, 16) takes 32 numbers, a row of threads every 16th slice.
template <class T>
struct SliceSums {
  T of_row[16][32];
};
template <class T>
__global__ void __launch_bounds__(512) reduce_kernel(const T* sums, T* to, int numbers, int slices, bool accumulate) {
  auto& shared_ = shared<SliceSums<T>>();
  const int i = static_cast<int>(blockIdx.x * 32 + threadIdx.x), y = static_cast<int>(threadIdx.y);
  T sum = 0;
  if (i < numbers) {
    CTNET_UNROLL_4
    for (int slice = y; slice < slices; slice += 16) sum += sums[i64{slice} * numbers + i];
  }
  shared_.of_row[y][threadIdx.x] = sum;
  sync_block();
  if (y != 0 || i >= numbers) return;
  CTNET_UNROLL
  for (int row = 1; row < 16; ++row) sum += shared_.of_row[row][threadIdx.x];
  to[i] = accumulate ? to[i] + sum : sum;
}

}  // namespace ctnet::cuda::direct
