// SPDX-License-Identifier: MIT
// The two halves of a block's work on a tile of a matrix product (gemm.cuh): Feed brings a slab of A or B from global
// to shared memory, Multiply adds the product of two slabs to the sums in registers.
// A slab is `depth` words deep. A word is one number, or two bfloat16 that follow each other in k; so the fragments of
// mma.m16n8k8 (tf32) and of mma.m16n8k16 (bf16) are the same words.
//   plain      words [k][row + 16 bytes]: threads read 16 bytes of a row at a time
//   tensor     [row][depth + 4] of what lies along k in memory, else [k][row + 8]: a warp reads 8 rows and 4 words of k
//              at a time, from 32 different banks either way, and writes what it loaded with at most two in a bank
#pragma once

#include <cstring>

#include "device.cuh"
#include "gemm_operands.cuh"

namespace ctnet::cuda {

__device__ inline float bits_as_float(unsigned bits) {
  float v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

template <class T, Compute C>
struct Words {
  using Word = T;
  static constexpr int per = 1;  // numbers
  static constexpr bool tensor = false;
  static __device__ Word pack(const T* v) { return v[0]; }
  static __device__ T sum(Word w) { return w; }  // of its numbers
};
template <>
struct Words<float, Compute::tf32> {
  using Word = unsigned;
  static constexpr int per = 1;
  static constexpr bool tensor = true;
  static __device__ Word pack(const float* v) { return to_tf32(v[0]); }
  static __device__ float sum(Word w) { return bits_as_float(w); }
};
template <>
struct Words<float, Compute::bf16> {
  using Word = unsigned;
  static constexpr int per = 2;
  static constexpr bool tensor = true;
  static __device__ Word pack(const float* v) { return pack_bf16(v[0], v[1]); }
  static __device__ float sum(Word w) { return bits_as_float(w << 16) + bits_as_float(w & 0xFFFF0000u); }
};

inline constexpr int slab_depth = 16;

// Rows x Columns of C by a block of WarpsM x WarpsN warps.
template <int Rows, int Columns, int WarpsM, int WarpsN>
struct Tile {
  static constexpr int rows = Rows, columns = Columns, warps_m = WarpsM, warps_n = WarpsN;
  static constexpr int threads = WarpsM * WarpsN * warp_size;
};

// One operand's slabs, of `Rows` rows. Each thread keeps what all its elements have in common in registers: the step of
// its k where memory runs along k, else the place of its row. The other halves of the addresses are in shared memory.
template <class T, Compute C, int Rows, int Threads, class L>
struct Feed {
  using W = Words<T, C>;
  using Word = typename W::Word;
  static constexpr bool along_k = L::along_k, by_row = W::tensor && along_k;
  static constexpr int row_step = by_row ? slab_depth + 4 : 1;
  static constexpr int k_step = by_row ? 1 : Rows + (W::tensor ? 8 : 16 / static_cast<int>(sizeof(T)));
  static constexpr int words = by_row ? Rows * row_step : slab_depth * k_step;
  static constexpr int depth = slab_depth * W::per;          // in k
  static constexpr int count = Rows * slab_depth / Threads;  // words of a thread
  static_assert(Threads % Rows == 0 && Threads % slab_depth == 0 && depth <= Threads);

  struct Shared {
    alignas(16) Word slab[2][words];
  };
  struct alignas(16) Step {
    typename L::Step v;
  };
  struct alignas(sizeof(typename L::Place) >= 16 ? 16 : alignof(typename L::Place)) Place {
    typename L::Place v;
  };
  struct Table {
    std::conditional_t<along_k, Place, Step> entry[along_k ? Rows : 2 * depth];
  };

  typename L::Place place;
  T held[count * W::per];

  static __device__ int thread() { return static_cast<int>(threadIdx.x); }
  static __device__ int row_of(int i) {
    return along_k ? thread() / slab_depth + i * (Threads / slab_depth) : thread() % Rows;
  }
  static __device__ int word_of(int i) {
    return along_k ? thread() % slab_depth : thread() / Rows + i * (Threads / Rows);
  }

  // Rows first ... of which there are `rows`, numbers k of which there are `end`.
  __device__ void begin(const L& l, Table& table, int first, int rows, int k, int end) {
    if constexpr (along_k) {
      for (int r = thread(); r < Rows; r += Threads)
        table.entry[r].v = first + r < rows ? l.place(first + r) : L::no_place();
    } else {
      const int r = first + thread() % Rows;
      place = r < rows ? l.place(r) : L::no_place();
      steps(l, table, 0, k, end);
      steps(l, table, 1, k + depth, end);
    }
  }
  // What load will need of the slab at k.
  __device__ void steps(const L& l, Table& table, int buffer, int k, int end) const {
    if constexpr (!along_k) {
      const int i = thread();
      if (i < depth) table.entry[buffer * depth + i].v = k + i < end ? l.step(k + i) : L::no_step();
    }
  }
  __device__ void load(const L& l, const Table& table, int buffer, int k, int end) {
    if constexpr (along_k) {
      typename L::Step own[W::per];
      CTNET_UNROLL
      for (int j = 0; j < W::per; ++j) {
        const int at = k + thread() % slab_depth * W::per + j;
        own[j] = at < end ? l.step(at) : L::no_step();
      }
      CTNET_UNROLL
      for (int i = 0; i < count; ++i) {
        const Place row = table.entry[row_of(i)];
        CTNET_UNROLL
        for (int j = 0; j < W::per; ++j) held[i * W::per + j] = l(row.v, own[j]);
      }
    } else {
      CTNET_UNROLL
      for (int i = 0; i < count; ++i) CTNET_UNROLL
      for (int j = 0; j < W::per; ++j) {
        const Step step = table.entry[buffer * depth + word_of(i) * W::per + j];
        held[i * W::per + j] = l(place, step.v);
      }
    }
  }
  __device__ void store(Shared& s, int buffer) const {
    CTNET_UNROLL
    for (int i = 0; i < count; ++i)
      s.slab[buffer][row_of(i) * row_step + word_of(i) * k_step] = W::pack(held + i * W::per);
  }
  // The sum of a row of a slab.
  static __device__ T row_sum(const Shared& s, int buffer, int row) {
    T sum = T(0);
    for (int k = 0; k < slab_depth; ++k) sum += W::sum(s.slab[buffer][row * row_step + k * k_step]);
    return sum;
  }
};

// The sums of a tile, kept in registers. They leave slice by slice: slice s holds the rows s * slice_rows ..., and
// put(to, row_step, s) writes it.
template <class T, class Tile, class FeedA, class FeedB, bool Tensor>
struct Multiply;

// 4 x 8 threads to a warp. Each has vectors of 16 bytes of rows and of columns.
template <class T, class Tile, class FeedA, class FeedB>
struct Multiply<T, Tile, FeedA, FeedB, false> {
  static constexpr int vector = 16 / static_cast<int>(sizeof(T));
  static constexpr int rows = Tile::rows / (Tile::warps_m * 4), columns = Tile::columns / (Tile::warps_n * 8);
  static constexpr int slice_rows = Tile::warps_m * 4 * vector, slice_columns = Tile::warps_n * 8 * vector;
  static constexpr int slices = rows / vector;
  static_assert(rows % vector == 0 && columns % vector == 0);
  struct alignas(16) Vector {
    T v[vector];
  };

  T sum[rows][columns] = {};

  static __device__ int row() {
    const int t = static_cast<int>(threadIdx.x);
    return (t / warp_size / Tile::warps_n * 4 + t % warp_size / 8) * vector;
  }
  static __device__ int column() {
    const int t = static_cast<int>(threadIdx.x);
    return (t / warp_size % Tile::warps_n * 8 + t % 8) * vector;
  }
  // Words from From to To - 1 of k.
  template <int From, int To>
  __device__ void add(const T* a, const T* b) {
    a += row();
    b += column();
    CTNET_UNROLL
    for (int k = From; k < To; ++k) {
      Vector x[rows / vector], y[columns / vector];
      CTNET_UNROLL
      for (int i = 0; i < rows / vector; ++i)
        x[i] = *reinterpret_cast<const Vector*>(a + k * FeedA::k_step + i * slice_rows);
      CTNET_UNROLL
      for (int j = 0; j < columns / vector; ++j)
        y[j] = *reinterpret_cast<const Vector*>(b + k * FeedB::k_step + j * slice_columns);
      CTNET_UNROLL
      for (int i = 0; i < rows; ++i) CTNET_UNROLL
      for (int j = 0; j < columns; ++j) sum[i][j] += x[i / vector].v[i % vector] * y[j / vector].v[j % vector];
    }
  }
  __device__ void put(T* to, int row_step, int slice) const {
    CTNET_UNROLL
    for (int s = 0; s < slices; ++s)
      if (s == slice) CTNET_UNROLL
    for (int i = 0; i < vector; ++i) CTNET_UNROLL
    for (int j = 0; j < columns; ++j)
      to[(row() + i) * row_step + j / vector * slice_columns + column() + j % vector] = sum[s * vector + i][j];
  }
};

// Each warp has tiles of 16 x 8, by mma.
template <class T, class Tile, class FeedA, class FeedB>
struct Multiply<T, Tile, FeedA, FeedB, true> {
  static constexpr int slices = Tile::rows / (Tile::warps_m * 16), tiles = Tile::columns / (Tile::warps_n * 8);
  static constexpr int slice_rows = Tile::warps_m * 16;

  float sum[slices][tiles][4] = {};

  static __device__ int row() {
    const int t = static_cast<int>(threadIdx.x);
    return t / warp_size / Tile::warps_n * 16 + t % warp_size / 4;
  }
  static __device__ int column() { return static_cast<int>(threadIdx.x) / warp_size % Tile::warps_n * tiles * 8; }
  static __device__ int lane4() { return static_cast<int>(threadIdx.x) % 4; }

  template <int From, int To>
  __device__ void add(const unsigned* a, const unsigned* b) {
    a += row() * FeedA::row_step + lane4() * FeedA::k_step;
    b += (column() + static_cast<int>(threadIdx.x) % warp_size / 4) * FeedB::row_step + lane4() * FeedB::k_step;
    CTNET_UNROLL
    for (int k = From; k < To; k += 8) {
      unsigned x[slices][4], y[tiles][2];
      CTNET_UNROLL
      for (int i = 0; i < slices; ++i) CTNET_UNROLL
      for (int e = 0; e < 4; ++e)
        x[i][e] = a[(i * slice_rows + e % 2 * 8) * FeedA::row_step + (k + e / 2 * 4) * FeedA::k_step];
      CTNET_UNROLL
      for (int j = 0; j < tiles; ++j) CTNET_UNROLL
      for (int e = 0; e < 2; ++e) y[j][e] = b[j * 8 * FeedB::row_step + (k + e * 4) * FeedB::k_step];
      CTNET_UNROLL
      for (int i = 0; i < slices; ++i) CTNET_UNROLL
      for (int j = 0; j < tiles; ++j) {
        if constexpr (FeedA::W::per == 2)
          mma_bf16(sum[i][j], x[i], y[j]);
        else
          mma_tf32(sum[i][j], x[i], y[j]);
      }
    }
  }
  __device__ void put(float* to, int row_step, int slice) const {
    CTNET_UNROLL
    for (int s = 0; s < slices; ++s)
      if (s == slice) CTNET_UNROLL
    for (int j = 0; j < tiles; ++j) CTNET_UNROLL
    for (int e = 0; e < 4; ++e)
      to[(row() + e / 2 * 8) * row_step + column() + j * 8 + lane4() * 2 + e % 2] = sum[s][j][e];
  }
};

}  // namespace ctnet::cuda
