// SPDX-License-Identifier: MIT
// Pools of 2 x 2, stride 2, those of most networks, on the GPU: a thread takes V columns of two rows, 16 bytes of each
// where rows are so aligned, in both directions in one pass.
#pragma once

#include <cstdint>

#include "../../core/integers.hpp"
#include "cuda_max.cuh"

namespace ctnet::cuda {

constexpr bool plain_2x2(const AvgPoolOp& o) {
  return o.r == 2 && o.s == 2 && o.stride_h == 2 && o.stride_w == 2 && o.pad_h == 0 && o.pad_w == 0 && o.p == o.h / 2 &&
         o.q == o.w / 2;
}
constexpr bool plain_2x2(const MaxPoolOp& o) {
  return o.dilation_h == 1 && o.dilation_w == 1 &&
         plain_2x2(AvgPoolOp{o.c, o.h, o.w, o.p, o.q, o.r, o.s, o.stride_h, o.stride_w, o.pad_h, o.pad_w, 1});
}

// V neighbours, read and written at once.
template <class T, int V>
struct alignas(V * sizeof(T)) PoolRow {
  T v[V];
};

template <class T>
__device__ bool beats(T v, T most) {
  return v > most || v != v;
}

// Thread i: V columns of two rows of x, V / 2 (V = 1: one) outputs.
template <class T, bool Max, int V>
struct Pool2x2 {
  int h, w;
  const T* x;
  T* y;
  int act;
  T slope;
  __device__ void operator()(i64 i) const {
    constexpr int columns = V < 2 ? 2 : V;
    const int p_end = h / 2, q_end = w / 2;
    const Place at = place_of(i, p_end, q_end * 2 / columns);
    const T* top = x + (at.plane * h + 2 * at.y) * w + at.x * columns;
    T a[columns], c[columns];
    if constexpr (V < 2) {
      for (int j = 0; j < 2; ++j) a[j] = top[j], c[j] = top[w + j];
    } else {
      const auto upper = *reinterpret_cast<const PoolRow<T, V>*>(top);
      const auto lower = *reinterpret_cast<const PoolRow<T, V>*>(top + w);
      for (int j = 0; j < V; ++j) a[j] = upper.v[j], c[j] = lower.v[j];
    }
    PoolRow<T, columns / 2> out;
    for (int j = 0; j < columns; j += 2) {
      T value = a[j];
      if constexpr (Max) {
        if (beats(a[j + 1], value)) value = a[j + 1];
        if (beats(c[j], value)) value = c[j];
        if (beats(c[j + 1], value)) value = c[j + 1];
      } else {
        value = (value + a[j + 1] + c[j] + c[j + 1]) / 4;
      }
      out.v[j / 2] = activate(act, value, slope);
    }
    *reinterpret_cast<PoolRow<T, columns / 2>*>(y + (at.plane * p_end + at.y) * q_end + at.x * (columns / 2)) = out;
  }
};

// Thread i: V columns (V = 1: up to two) of two rows of x (fewer at the edges), and what they share of an output.
template <class T, bool Max, int V>
struct Pool2x2Backward {
  int h, w;
  const T *x, *grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const {
    constexpr int columns = V < 2 ? 2 : V;
    const int p_end = h / 2, q_end = w / 2;
    const Place at = place_of(i, (h + 1) / 2, (w + columns - 1) / columns);
    const i64 first = (at.plane * h + 2 * at.y) * w + at.x * columns;
    const T* g = grad + (at.plane * p_end + at.y) * q_end + at.x * (columns / 2);
    T d[2][columns] = {};
    if (at.y < p_end && (V >= 2 || at.x < q_end)) {
      T v[2][columns];
      if constexpr (Max)
        for (int y = 0; y < 2; ++y) load(v[y], x + first + y * w);
      for (int j = 0; j < columns; j += 2) {
        if constexpr (!Max) {
          d[0][j] = d[0][j + 1] = d[1][j] = d[1][j + 1] = g[j / 2] / 4;
          continue;
        }
        const T gradient = g[j / 2];
        T most = v[0][j];
        int best = 0;
        for (int k = 1; k < 4; ++k)
          if (beats(v[k / 2][j + k % 2], most)) most = v[k / 2][j + k % 2], best = k;
        for (int k = 0; k < 4; ++k) d[k / 2][j + k % 2] = best == k ? gradient : T(0);
      }
      if (mask.act != no_act)
        for (int y = 0; y < 2; ++y) {
          load(v[y], mask.y + first + y * w);
          for (int j = 0; j < columns; ++j) d[y][j] *= derivative(mask.act, v[y][j], mask.slope);
        }
    }
    const int rows = 2 * at.y + 1 < h ? 2 : 1;
    for (int y = 0; y < 2; ++y) {
      if (y >= rows) break;
      T* to = grad_in + first + y * w;
      if constexpr (V < 2) {
        to[0] = d[y][0];
        if (2 * at.x + 1 < w) to[1] = d[y][1];
      } else {
        PoolRow<T, V> row;
        for (int j = 0; j < V; ++j) row.v[j] = d[y][j];
        *reinterpret_cast<PoolRow<T, V>*>(to) = row;
      }
    }
  }

 private:
  template <int N>
  static __device__ void load(T (&to)[N], const T* from) {
    if constexpr (V < 2) {
      for (int j = 0; j < N; ++j) to[j] = from[j];
    } else {
      const auto row = *reinterpret_cast<const PoolRow<T, V>*>(from);
      for (int j = 0; j < N; ++j) to[j] = row.v[j];
    }
  }
};

// Whether rows of w numbers begin at multiples of V numbers everywhere.
template <class T>
bool rows_aligned(int w, int v, const T* a, const T* b) {
  const auto low = reinterpret_cast<std::uintptr_t>(a) | reinterpret_cast<std::uintptr_t>(b);
  return w % v == 0 && low % (static_cast<unsigned>(v) * sizeof(T)) == 0;
}

// The columns of a thread where rows are w long: 4, 2 or 1.
constexpr int columns_2x2(int w) { return w % 4 == 0 ? 4 : w % 2 == 0 ? 2 : 1; }

// V: columns_2x2; 1 is taken where the tensors are not so aligned.
template <bool Max, int V, class Op, class T>
void pool_2x2(const Op& o, const Forward<T>& a) {
  const i64 outputs = i64{a.batch} * o.c * o.p * o.q;
  const T* x = a.in[0];
  const auto run = [&]<int Columns>(Int<Columns>) {
    each(a.queue, "2 x 2 pool", Columns < 2 ? outputs : outputs / (Columns / 2),
         Pool2x2<T, Max, Columns>{o.h, o.w, x, a.out, a.epilogue.act, a.epilogue.slope});
  };
  if (V > 1 && rows_aligned<T>(o.w, V, x, nullptr) && rows_aligned<T>(o.q, V < 2 ? 1 : V / 2, a.out, nullptr))
    run(Int<V>{});
  else
    run(Int<1>{});
}
template <bool Max, int V, class Op, class T>
void pool_2x2_backward(const Op& o, const Backward<T>& a) {
  const i64 rows = i64{a.batch} * o.c * ((o.h + 1) / 2);
  const T *x = Max ? a.in[0] : nullptr, *y = a.mask[0].act == no_act ? nullptr : a.mask[0].y;
  const auto run = [&]<int Columns>(Int<Columns>) {
    each(a.queue, "2 x 2 pool backward", rows * ceil_div(o.w, Columns < 2 ? 2 : Columns),
         Pool2x2Backward<T, Max, Columns>{o.h, o.w, x, a.grad_out, a.grad_in[0], a.mask[0]});
  };
  if (V > 1 && rows_aligned<T>(o.w, V, x, a.grad_in[0]) && rows_aligned<T>(o.w, V, y, nullptr))
    run(Int<V>{});
  else
    run(Int<1>{});
}

}  // namespace ctnet::cuda
