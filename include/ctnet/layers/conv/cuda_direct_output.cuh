// SPDX-License-Identifier: MIT
// What the direct convolutions do with a tile of sums: bias, what is fused behind, the pool (forward); the mask
// (backward-data); and how it is stored.
#pragma once

#include "cuda_direct_tiles.cuh"

namespace ctnet::cuda::direct {

// N numbers to where they may be aligned.
template <int N, class T>
__device__ void store_row(T* to, const T (&from)[N], int valid, bool aligned) {
  if (aligned) {
    Neighbours<T, N> all;
    CTNET_UNROLL
    for (int i = 0; i < N; ++i) all.v[i] = from[i];
    *reinterpret_cast<Neighbours<T, N>*>(to) = all;
  } else {
    CTNET_UNROLL
    for (int i = 0; i < N; ++i)
      if (i < valid) to[i] = from[i];
  }
}

// The larger; NaN where there is one.
template <class T>
__device__ T larger(T a, T b) {
  return b > a || b != b ? b : a;
}

// All but ReLU out of line: there are as many places as outputs of a thread, and code that is not in the instruction
// cache costs more than a call.
template <class T>
[[gnu::noinline]] __device__ T other_activation(int act, T v, T slope) {
  return activate(act, v, slope);
}
template <class T>
[[gnu::noinline]] __device__ T other_derivative(int act, T y, T slope) {
  return derivative(act, y, slope);
}
inline constexpr int relu = static_cast<int>(Act::relu);
template <class T>
__device__ T activated(int act, T v, T slope) {
  if (act == relu) return v < 0 ? T(0) : v;
  return act == no_act ? v : other_activation(act, v, slope);
}
template <class T>
__device__ T masked(const Mask<T>& mask, T g, i64 at) {
  if (mask.act == no_act) return g;
  const T y = mask.y[at];
  if (mask.act == relu) return y > 0 ? g : g * T(0);
  return g * other_derivative(mask.act, y, mask.slope);
}

template <class T, int TW, int KT>
struct Output {
  ConvOp o;
  int aligned;
  const T* bias;
  Epilogue<T> epilogue;
  T* out;

  __device__ void operator()(T (&acc)[KT][2][TW], int n, int k0, int p, int q) const {
    const int columns = o.q - q;
    Epilogue<T> before_act = epilogue;
    before_act.act = no_act;
    CTNET_UNROLL
    for (int k = 0; k < KT; ++k) {
      if (k0 + k >= o.k) break;
      const i64 plane = i64{n} * o.k + k0 + k, at = (plane * o.p + p) * o.q + q;
      const auto channel = epilogue.channel(k0 + k);
      const T b = bias ? bias[k0 + k] : T(0);
      CTNET_UNROLL
      for (int y = 0; y < 2; ++y) {
        if (p + y >= o.p) break;
        CTNET_UNROLL
        for (int x = 0; x < TW; ++x)
          if (x < columns) {
            const T v = before_act(acc[k][y][x] + b, channel, at + y * o.q + x);
            acc[k][y][x] = activated(epilogue.act, v, epilogue.slope);
          }
        if (out) store_row(out + at + y * o.q, acc[k][y], columns, aligned);
      }
      if (epilogue.pooled && p + 1 < o.p) {
        T* pooled = epilogue.pooled + (plane * (o.p / 2) + p / 2) * (o.q / 2) + q / 2;
        CTNET_UNROLL
        for (int x = 0; x + 1 < TW; x += 2) {
          if (x + 1 >= columns) break;
          pooled[x / 2] = larger(larger(acc[k][0][x], acc[k][0][x + 1]), larger(acc[k][1][x], acc[k][1][x + 1]));
        }
      }
    }
  }
};

// Multiplies the gradient by the mask and stores it.
template <class T, int TW, int KT>
struct GradientOutput {
  ConvOp o;
  int aligned;
  Mask<T> mask;
  T* grad_in;

  __device__ void operator()(T (&acc)[KT][2][TW], int n, int k0, int p, int q) const {
    CTNET_UNROLL
    for (int k = 0; k < KT; ++k) {
      if (k0 + k >= o.k) break;
      const i64 first = ((i64{n} * o.k + k0 + k) * o.p + p) * o.q + q;
      CTNET_UNROLL
      for (int y = 0; y < 2; ++y) {
        if (p + y >= o.p) break;
        const i64 at = first + y * o.q;
        CTNET_UNROLL
        for (int x = 0; x < TW; ++x)
          if (q + x < o.q) acc[k][y][x] = masked(mask, acc[k][y][x], at + x);
        store_row(grad_in + at, acc[k][y], o.q - q, aligned);
      }
    }
  }
};

}  // namespace ctnet::cuda::direct
