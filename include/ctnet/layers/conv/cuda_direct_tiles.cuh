// SPDX-License-Identifier: MIT
// Small convolutions on the GPU, forward and backward-data: planes and filters in shared memory, and a thread makes a
// tile of 2 x TW outputs of KT filters in registers. For each input row of a window it reads XW numbers and the row's
// S KT weights, and multiplies 2 TW S KT times: 2 x 4 x 4 with windows of 5 x 5, 800 products for 48 + 100 words, which
// is more than the 4 a word that shared memory allows; so FLOPs bound it, in small batches the time of one thread.
//   big batches: tiles of 4 columns, several images in a block;  small ones: tiles of 2 columns of one filter
//   backward-data (stride 1) is the same of dY and the filters turned around; there rows of the border, of which there
//   are many, are not multiplied
#pragma once

#include <cstdint>

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "op.hpp"

namespace ctnet::cuda::direct {

constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }
CTNET_HD constexpr int least(int a, int b) { return a < b ? a : b; }
CTNET_HD constexpr int most(int a, int b) { return a > b ? a : b; }

// V neighbours, read and written at once.
template <class T, int V>
struct alignas(V * sizeof(T)) Neighbours {
  T v[V];
};
// N numbers from shared memory, V of which are aligned; two at least.
template <int V, int N, class T>
__device__ void load_row(T (&to)[N], const T* from) {
  static_assert(N % 2 == 0);
  CTNET_UNROLL
  for (int i = 0; i + V <= N; i += V) {
    const auto part = *reinterpret_cast<const Neighbours<T, V>*>(from + i);
    CTNET_UNROLL
    for (int j = 0; j < V; ++j) to[i + j] = part.v[j];
  }
  if constexpr (N % V != 0) {
    const auto part = *reinterpret_cast<const Neighbours<T, 2>*>(from + N - 2);
    to[N - 2] = part.v[0], to[N - 1] = part.v[1];
  }
}
// The weights of one tap: KT numbers beside each other.
template <int KT, class T>
__device__ void load_tap(T (&to)[KT], const T* from) {
  if constexpr (KT % 2 == 0) {
    load_row<KT % 4 == 0 && sizeof(T) == 4 ? 4 : 2>(to, from);
  } else {
    CTNET_UNROLL
    for (int i = 0; i < KT; ++i) to[i] = from[i];
  }
}

// From global to shared memory, in the background where that is possible.
template <class T>
__device__ void copy_late(T* to, const T* from) {
  if constexpr (sizeof(T) == 4)
    copy_async4(to, from);
  else
    *to = *from;
}

// Rows top .. top + rows - 1 of `planes` planes of h x w, `left` columns of border before each, zeros outside the
// image; `pitch` numbers a row, a multiple of 4. All threads of the block (whole warps) take part.
template <class T>
__device__ void stage_planes(T* to, const T* from, int planes, int h, int w, int top, int left, int rows, int pitch) {
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  const bool wide = sizeof(T) == 4 && left == 0 && w % 4 == 0 && reinterpret_cast<std::uintptr_t>(from) % 16 == 0;
  const int columns = wide ? pitch / 4 : pitch, lanes = columns > 16 ? 32 : columns > 8 ? 16 : 8;
  const int first = thread % lanes, step = threads / lanes;
  int y = thread / lanes, plane = y / rows;
  y %= rows;
  while (plane < planes) {
    const int at = top + y;
    const bool inside = at >= 0 && at < h;
    const T* row = from + (i64{plane} * h + at) * w;
    T* into = to + (plane * rows + y) * pitch;
    if (wide) {
      for (int x = 4 * first; x < pitch; x += 4 * lanes)
        if (inside && x < w)
          copy_async16(into + x, row + x);
        else
          *reinterpret_cast<Neighbours<T, 4>*>(into + x) = {};
    } else {
      for (int x = first; x < pitch; x += lanes) {
        const int column = x - left;
        if (inside && column >= 0 && column < w)
          copy_late(into + x, row + column);
        else
          into[x] = T(0);
      }
    }
    for (y += step; y >= rows; y -= rows) ++plane;
  }
}
__device__ inline void staged() {
  commit_copies();
  wait_copies<0>();
  sync_block();
}

// How the outputs are cut. Block b makes `band` rows of tiles of `groups` groups of KT filters of `images` images; one
// image where there are several bands. The filter blocks of a band are neighbours, so that its planes come from L2.
struct Tiles {
  ConvOp o;  // backward-data: with c, h, w and k, p, q exchanged
  int batch;
  int tiles_x, band, bands;
  int groups, filter_blocks;
  int images;
  int rows, pitch;  // of a staged plane
  int aligned;      // rows of the output are at multiples of a tile
  int threads, blocks, shared;
};

inline constexpr int most_threads = 256;
inline constexpr int most_shared = 99 * 1024;  // bytes; what any GPU since 2020 has, twice that on the large ones
inline constexpr int sms = 132;

template <class T, int R, int S, int Stride, int TW, int KT>
struct Tile {
  static constexpr int columns = round_up((TW - 1) * Stride + S, 2);  // that a tile reads
  static constexpr int vector = sizeof(T) == 4 && TW * Stride % 4 == 0 ? 4 : 2;

  static Tiles plan(const ConvOp& o, int batch, bool small) {
    Tiles t{};
    t.o = o;
    t.batch = batch;
    t.tiles_x = (o.q + TW - 1) / TW;
    const int tiles_y = (o.p + 1) / 2, all = (o.k + KT - 1) / KT;
    // Rows of tiles that two of a warp's quarters read at the same time lie in different banks.
    t.pitch = round_up((t.tiles_x - 1) * TW * Stride + columns, 4);
    const int want = t.tiles_x <= 2 ? 4 : 8;
    if (t.tiles_x <= 4)
      while (t.pitch % 16 != want) t.pitch += 4;
    const int rows_of_tiles = small ? tiles_y : least(tiles_y, 4);
    t.groups = most(1, least(all, (small ? 128 : most_threads) / (t.tiles_x * rows_of_tiles)));
    t.band = most(1, least(tiles_y, most_threads / (t.tiles_x * t.groups)));
    while (t.band > 1 && bytes(t, 1) > most_shared) --t.band;
    t.bands = (tiles_y + t.band - 1) / t.band;
    t.band = (tiles_y + t.bands - 1) / t.bands;
    t.images = 1;
    const int threads = t.tiles_x * t.groups * t.band;
    t.filter_blocks = (all + t.groups - 1) / t.groups;
    if (!small && t.bands == 1)
      while ((t.images + 1) * threads <= most_threads && bytes(t, t.images + 1) <= most_shared &&
             i64{batch} * t.filter_blocks >= i64{t.images + 1} * 2 * sms)
        ++t.images;
    t.rows = rows(t);
    t.threads = round_up(threads * t.images, warp_size);
    t.blocks = static_cast<int>(ceil_div(batch, t.images)) * t.bands * t.filter_blocks;
    t.shared = static_cast<int>(bytes(t, t.images));
    return t;
  }
  static constexpr int rows(const Tiles& t) { return (2 * t.band - 1) * Stride + R; }
  static constexpr i64 bytes(const Tiles& t, int images) {
    return (i64{images} * t.o.c * rows(t) * t.pitch + i64{t.groups} * KT * t.o.c * R * S) * static_cast<i64>(sizeof(T));
  }

  // Weights as [group][channel][tap][filter of the group]; zeros for filters beyond the last.
  template <bool Turned>
  static __device__ void stage_weights(const Tiles& t, const T* w, T* to, int k0) {
    const int thread = static_cast<int>(threadIdx.x), warps = static_cast<int>(blockDim.x) / warp_size;
    const int lane = thread % warp_size, filters = t.groups * KT;
    if constexpr (!Turned) {
      const int taps = t.o.c * R * S;
      for (int f = thread / warp_size; f < filters; f += warps) {
        T* into = to + f / KT * taps * KT + f % KT;
        for (int i = lane; i < taps; i += warp_size)
          if (k0 + f < t.o.k)
            copy_late(into + i * KT, w + (k0 + f) * taps + i);
          else
            into[i * KT] = T(0);
      }
    } else {  // the filters are the channels of w, and the other way round
      for (int c = thread / warp_size; c < t.o.c; c += warps) {
        const T* from = w + (c * t.o.k + k0) * (R * S);
        for (int i = lane; i < filters * R * S; i += warp_size) {
          const int f = i / (R * S), tap = R * S - 1 - i % (R * S);
          T* into = to + ((f / KT * t.o.c + c) * (R * S) + tap) * KT + f % KT;
          if (k0 + f < t.o.k)
            copy_late(into, from + i);
          else
            *into = T(0);
        }
      }
    }
  }

  // After: void(acc, image, first filter, row, column) makes what it likes of the sums.
  template <bool Turned, class After>
  static __device__ void run(const Tiles& t, int block, const T* x, const T* w, After after) {
    const int filter_block = block % t.filter_blocks, rest = block / t.filter_blocks;
    const int first_row = rest % t.bands * t.band, n0 = rest / t.bands * t.images;
    const int k0 = filter_block * t.groups * KT, c_end = t.o.c;
    T* planes = reinterpret_cast<T*>(dynamic_shared());
    T* weights = planes + t.images * c_end * t.rows * t.pitch;
    const int top = first_row * 2 * Stride - t.o.pad_h;
    stage_planes(planes, x + i64{n0} * c_end * t.o.h * t.o.w, least(t.images, t.batch - n0) * c_end, t.o.h, t.o.w, top,
                 t.o.pad_w, t.rows, t.pitch);
    stage_weights<Turned>(t, w, weights, k0);
    staged();

    int i = static_cast<int>(threadIdx.x);
    const int tile_x = i % t.tiles_x;
    i /= t.tiles_x;
    const int group = i % t.groups;
    i /= t.groups;
    const int image = i % t.images, tile_y = i / t.images;
    if (tile_y >= t.band || n0 + image >= t.batch) return;
    const T* from = planes + (image * c_end * t.rows + tile_y * 2 * Stride) * t.pitch + tile_x * TW * Stride;
    const T* taps = weights + group * c_end * (R * S * KT);
    const int y = top + tile_y * 2 * Stride;
    T acc[KT][2][TW] = {};
    CTNET_UNROLL_1
    for (int c = 0; c < c_end; ++c, from += t.rows * t.pitch, taps += R * S * KT) {
      T weight[R][S][KT];
      CTNET_UNROLL
      for (int v = 0; v < R + Stride; ++v) {
        if (v < R) {
          CTNET_UNROLL
          for (int s = 0; s < S; ++s) load_tap<KT>(weight[v < R ? v : 0][s], taps + (v * S + s) * KT);
        }
        if (Turned && (y + v < 0 || y + v >= t.o.h)) continue;
        T row[columns];
        load_row<vector>(row, from + v * t.pitch);
        CTNET_UNROLL
        for (int p = 0; p < 2; ++p) {
          const int r = v - p * Stride;
          if (r < 0 || r >= R) continue;
          CTNET_UNROLL
          for (int s = 0; s < S; ++s) {
            CTNET_UNROLL
            for (int k = 0; k < KT; ++k) {
              CTNET_UNROLL
              for (int q = 0; q < TW; ++q) acc[k][p][q] += weight[r][s][k] * row[q * Stride + s];
            }
          }
        }
      }
    }
    after(acc, n0 + image, k0 + group * KT, (first_row + tile_y) * 2, tile_x * TW);
  }
};

}  // namespace ctnet::cuda::direct
