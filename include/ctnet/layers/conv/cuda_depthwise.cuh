// SPDX-License-Identifier: MIT
// Depthwise convolutions on the GPU: one channel for each group, any multiplier, stride, border and dilation. Bound by
// memory; a window's numbers come from L1, to which neighbouring threads bring each other's.
//   forward    a thread makes PT outputs below each other: R S weights and (PT - 1) stride + R rows for PT outputs
//   data       a thread makes one pixel's gradient, from the outputs whose windows it lies in
//   weights    a block adds up 9 taps of one filter over its slice of the batch, the taps in registers; slices are
//   added
//              up in order by a second kernel
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "op.hpp"

namespace ctnet::cuda {

namespace depthwise {

// R, S, Stride: known to the compiler; R = 0: read from the operation.
template <class T, int R, int S, int Stride>
struct Outputs {
  static constexpr int PT = R > 0 ? 4 : 1;

  ConvOp o;
  int strips;  // of PT rows of outputs
  const T *x, *w, *bias;
  Epilogue<T> epilogue;
  T* y;

  // Strip i of (image, filter, strip, column).
  __device__ void operator()(i64 i) const {
    const int per_plane = strips * o.q;
    const i64 plane = i / per_plane;
    const int in_plane = static_cast<int>(i - plane * per_plane), q = in_plane % o.q, p0 = in_plane / o.q * PT;
    const int k = static_cast<int>(plane % o.k), c = k / (o.k / o.c);
    const int r_end = R > 0 ? R : o.r, s_end = R > 0 ? S : o.s;
    const int stride_h = R > 0 ? Stride : o.stride_h, stride_w = R > 0 ? Stride : o.stride_w;
    const int dilation_h = R > 0 ? 1 : o.dilation_h, dilation_w = R > 0 ? 1 : o.dilation_w;
    const T *from = x + (plane / o.k * o.c + c) * o.h * o.w, *taps = w + k * (r_end * s_end);
    const int top = p0 * stride_h - o.pad_h, left = q * stride_w - o.pad_w;
    T sum[PT] = {};
    if constexpr (R > 0) {
      CTNET_UNROLL
      for (int v = 0; v < (PT - 1) * Stride + R; ++v) {
        if (top + v < 0 || top + v >= o.h) continue;
        CTNET_UNROLL
        for (int s = 0; s < S; ++s) {
          if (left + s < 0 || left + s >= o.w) continue;
          const T at = from[(top + v) * o.w + left + s];
          CTNET_UNROLL
          for (int t = 0; t < PT; ++t)
            if (v - t * Stride >= 0 && v - t * Stride < R) sum[t] += taps[(v - t * Stride) * S + s] * at;
        }
      }
    } else {
      for (int r = 0; r < r_end; ++r)
        for (int s = 0; s < s_end; ++s) {
          const int row = top + r * dilation_h, column = left + s * dilation_w;
          if (row >= 0 && row < o.h && column >= 0 && column < o.w)
            sum[0] += taps[r * s_end + s] * from[row * o.w + column];
        }
    }
    const auto channel = epilogue.channel(k);
    const T b = bias ? bias[k] : T(0);
    CTNET_UNROLL
    for (int t = 0; t < PT; ++t) {
      if (p0 + t >= o.p) break;
      const i64 at = (plane * o.p + p0 + t) * o.q + q;
      y[at] = epilogue(sum[t] + b, channel, at);
    }
  }
};

template <class T, int R, int S, int Stride>
struct Gradients {
  ConvOp o;
  const T *grad, *w;
  Mask<T> mask;
  T* grad_in;

  __device__ void operator()(i64 i) const {
    const int size = o.h * o.w, multiplier = o.k / o.c;
    const i64 plane = i / size;
    const int pixel = static_cast<int>(i - plane * size), c = static_cast<int>(plane % o.c);
    const int r_end = R > 0 ? R : o.r, s_end = R > 0 ? S : o.s;
    const int stride_h = R > 0 ? Stride : o.stride_h, stride_w = R > 0 ? Stride : o.stride_w;
    const int dilation_h = R > 0 ? 1 : o.dilation_h, dilation_w = R > 0 ? 1 : o.dilation_w;
    const int bottom = pixel / o.w + o.pad_h, right = pixel % o.w + o.pad_w;
    T sum = 0;
    for (int m = 0; m < multiplier; ++m) {
      const int k = c * multiplier + m;
      const T *g = grad + (plane / o.c * o.k + k) * o.p * o.q, *taps = w + k * (r_end * s_end);
      CTNET_UNROLL
      for (int r = 0; r < r_end; ++r) {
        const int y = bottom - r * dilation_h;
        if (y < 0 || y % stride_h != 0 || y / stride_h >= o.p) continue;
        CTNET_UNROLL
        for (int s = 0; s < s_end; ++s) {
          const int x = right - s * dilation_w;
          if (x < 0 || x % stride_w != 0 || x / stride_w >= o.q) continue;
          sum += g[y / stride_h * o.q + x / stride_w] * taps[r * s_end + s];
        }
      }
    }
    grad_in[i] = mask(sum, i);
  }
};

// Block (filter, taps' ninth, slice): sums over the outputs of the slice's images.
inline constexpr int taps_at_once = 9, sum_threads = 256, most_slices = 64;
template <class T>
__global__ void __launch_bounds__(sum_threads)
    sums_kernel(ConvOp o, int batch, const T* x, const T* grad, T* to, bool accumulate) {
  const int k = static_cast<int>(blockIdx.x), tap0 = static_cast<int>(blockIdx.y) * taps_at_once;
  const int c = k / (o.k / o.c), window_ = o.r * o.s, size = o.p * o.q;
  int dy[taps_at_once], dx[taps_at_once];
  CTNET_UNROLL
  for (int t = 0; t < taps_at_once; ++t) {
    const int tap = tap0 + t < window_ ? tap0 + t : window_ - 1;
    dy[t] = tap / o.s * o.dilation_h - o.pad_h;
    dx[t] = tap % o.s * o.dilation_w - o.pad_w;
  }
  T sum[taps_at_once] = {}, bias = 0;
  // Outputs of the slice's images, one after the other.
  const int slices = static_cast<int>(gridDim.z), slice = static_cast<int>(blockIdx.z);
  const int images = (batch - slice + slices - 1) / slices;
  int image = static_cast<int>(threadIdx.x) / size, at = static_cast<int>(threadIdx.x) % size;
  while (image < images) {
    const i64 n = slice + i64{image} * slices;
    const T g = grad[(n * o.k + k) * size + at];
    const T* from = x + (n * o.c + c) * o.h * o.w;
    const int top = at / o.q * o.stride_h, left = at % o.q * o.stride_w;
    bias += g;
    CTNET_UNROLL
    for (int t = 0; t < taps_at_once; ++t) {
      const int row = top + dy[t], column = left + dx[t];
      if (row >= 0 && row < o.h && column >= 0 && column < o.w) sum[t] += g * from[row * o.w + column];
    }
    for (at += sum_threads; at >= size; at -= size) ++image;
  }
  const i64 numbers = i64{o.k} * window_ + (o.bias ? o.k : 0);
  to += slice * numbers;
  const auto put = [&](int i, T v) {
    if (threadIdx.x == 0) to[i] = accumulate ? to[i] + v : v;
  };
  CTNET_UNROLL
  for (int t = 0; t < taps_at_once; ++t) {
    const T all = block_sum(sum[t]);
    if (tap0 + t < window_) put(k * window_ + tap0 + t, all);
  }
  const T all = block_sum(bias);
  if (o.bias && tap0 == 0) put(o.k * window_ + k, all);
}

template <class T>
struct AddSlices {
  const T* sums;
  T* to;
  int numbers, slices;
  bool accumulate;
  __device__ void operator()(i64 i) const {
    T sum = accumulate ? to[i] : T(0);
    CTNET_UNROLL_4
    for (int slice = 0; slice < slices; ++slice) sum += sums[i64{slice} * numbers + i];
    to[i] = sum;
  }
};

// Slices of the batch that make enough blocks, for any batch.
constexpr i64 slices(const ConvOp& o) {
  const i64 blocks = i64{o.k} * ceil_div(o.r * o.s, taps_at_once), wanted = ceil_div(4 * 132, blocks);
  return wanted < most_slices ? wanted : most_slices;
}

}  // namespace depthwise

constexpr bool depthwise_forward_fits(const ConvOp& o) { return o.groups == o.c && o.groups > 1; }
constexpr bool depthwise_data_fits(const ConvOp& o) { return depthwise_forward_fits(o); }
constexpr bool depthwise_weights_fits(const ConvOp& o) { return depthwise_forward_fits(o); }
// Windows of 3 x 3 and 5 x 5, stride 1 and 2, are known to the compiler.
constexpr int depthwise_number(const ConvOp& o) {
  const bool known = o.r == o.s && (o.r == 3 || o.r == 5) && o.stride_h == o.stride_w && o.stride_h <= 2 &&
                     o.dilation_h == 1 && o.dilation_w == 1;
  return known ? o.r * 4 + o.stride_h : 0;
}
constexpr unsigned depthwise_takes(const ConvOp&) { return takes_act | takes_norm | takes_add; }
template <class T>
constexpr i64 depthwise_scratch(const ConvOp& o) {
  const i64 slices = depthwise::slices(o);
  return slices > 1 ? slices * (i64{o.weights()} + (o.bias ? o.k : 0)) : 0;
}

template <int N, Compute, class T>
void depthwise_forward(const ConvOp& o, const Forward<T>& a) {
  using Outputs = depthwise::Outputs<T, N / 4, N / 4, N % 4>;
  const int strips = (o.p + Outputs::PT - 1) / Outputs::PT;
  each(a.queue, "depthwise convolution", i64{a.batch} * o.k * strips * o.q,
       Outputs{o, strips, a.in[0], a.parameters, o.bias ? a.parameters + o.weights() : nullptr, a.epilogue, a.out});
}
template <int N, Compute, class T>
void depthwise_data(const ConvOp& o, const Backward<T>& a) {
  each(a.queue, "depthwise convolution's gradient of its input", i64{a.batch} * o.c * o.h * o.w,
       depthwise::Gradients<T, N / 4, N / 4, N % 4>{o, a.grad_out, a.parameters, a.mask[0], a.grad_in[0]});
}
template <int, Compute, class T>
void depthwise_weights(const ConvOp& o, const Backward<T>& a) {
  const i64 wanted = depthwise::slices(o);
  const int slices = static_cast<int>(wanted < a.batch ? wanted : a.batch);
  const int numbers = o.weights() + (o.bias ? o.k : 0);
  T* to = slices > 1 ? a.scratch : a.grad_parameters;
  const dim3 blocks{static_cast<unsigned>(o.k), blocks_for(o.r * o.s, depthwise::taps_at_once),
                    static_cast<unsigned>(slices)};
  launch(a.queue, "depthwise convolution's gradient of its filters", &depthwise::sums_kernel<T>,
         Grid{blocks, depthwise::sum_threads}, o, a.batch, a.in[0], a.grad_out, to, a.accumulate && slices == 1);
  if (slices > 1)
    each(a.queue, "sums of slices", numbers,
         depthwise::AddSlices<T>{to, a.grad_parameters, numbers, slices, a.accumulate});
}

}  // namespace ctnet::cuda
