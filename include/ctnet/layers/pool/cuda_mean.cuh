// SPDX-License-Identifier: MIT
// AvgPool and AdaptiveAvgPool on the GPU: a thread adds up one window, a warp where windows are large (GlobalAvgPool);
// backward, a thread adds up the parts of all windows that its pixel lies in.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "cuda_2x2.cuh"
#include "op.hpp"

namespace ctnet::cuda {

// Pixels y0 <= y < y1, x0 <= x < x1, whose sum is divided by `count`.
struct MeanWindow {
  int y0, y1, x0, x1, count;
};
// The windows p0 <= p < p1, q0 <= q < q1 that a pixel may lie in.
struct PoolWindows {
  int p0, p1, q0, q1;
};

__device__ inline int smaller(int a, int b) { return a < b ? a : b; }
__device__ inline int larger(int a, int b) { return a > b ? a : b; }

__device__ inline MeanWindow mean_window(const AvgPoolOp& o, int p, int q) {
  const int top = p * o.stride_h - o.pad_h, left = q * o.stride_w - o.pad_w;
  const int bottom = smaller(top + o.r, o.h + o.pad_h), right = smaller(left + o.s, o.w + o.pad_w);
  MeanWindow w{larger(top, 0), smaller(bottom, o.h), larger(left, 0), smaller(right, o.w), 0};
  w.count = o.count_include_pad ? (bottom - top) * (right - left) : (w.y1 - w.y0) * (w.x1 - w.x0);
  return w;
}
__device__ inline PoolWindows windows_of(const AvgPoolOp& o, int y, int x_) {
  const int bottom = y + o.pad_h, right = x_ + o.pad_w;
  return {bottom < o.r ? 0 : (bottom - o.r) / o.stride_h + 1, smaller(bottom / o.stride_h + 1, o.p),
          right < o.s ? 0 : (right - o.s) / o.stride_w + 1, smaller(right / o.stride_w + 1, o.q)};
}

// Cell p of P spans first(p) = floor(p H / P) .. ceil((p + 1) H / P) - 1. Products fit into 32 bits.
__device__ inline int cell_first(int i, int in, int out) {
  return static_cast<int>(static_cast<unsigned>(i) * static_cast<unsigned>(in) / static_cast<unsigned>(out));
}
__device__ inline int cell_after(int i, int in, int out) {
  return static_cast<int>(
      ((static_cast<unsigned>(i) + 1) * static_cast<unsigned>(in) + static_cast<unsigned>(out) - 1) /
      static_cast<unsigned>(out));
}
__device__ inline MeanWindow mean_window(const AdaptiveAvgPoolOp& o, int p, int q) {
  MeanWindow w{cell_first(p, o.h, o.p), cell_after(p, o.h, o.p), cell_first(q, o.w, o.q), cell_after(q, o.w, o.q), 0};
  w.count = (w.y1 - w.y0) * (w.x1 - w.x0);
  return w;
}
__device__ inline PoolWindows windows_of(const AdaptiveAvgPoolOp& o, int y, int x_) {
  return {cell_first(y, o.p, o.h), cell_after(y, o.p, o.h), cell_first(x_, o.q, o.w), cell_after(x_, o.q, o.w)};
}

template <class Op, class T>
struct Mean {
  Op o;
  const T* x;
  T* y;
  int act;
  T slope;
  __device__ void operator()(i64 i) const {
    const Place at = place_of(i, o.p, o.q);
    const T* in = x + at.plane * o.h * o.w;
    const MeanWindow w = mean_window(o, at.y, at.x);
    T sum = 0;
    for (int v = w.y0; v < w.y1; ++v)
      for (int u = w.x0; u < w.x1; ++u) sum += in[v * o.w + u];
    y[i] = activate(act, sum / static_cast<T>(w.count), slope);
  }
};

template <class Op, class T>
__global__ void mean_by_warps(Mean<Op, T> f, i64 outputs) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const i64 i = (i64{blockIdx.x} * blockDim.x + threadIdx.x) / warp_size;
  if (i >= outputs) return;  // whole warps
  const Place at = place_of(i, f.o.p, f.o.q);
  const MeanWindow w = mean_window(f.o, at.y, at.x);
  const T* in = f.x + at.plane * f.o.h * f.o.w + w.y0 * f.o.w + w.x0;
  const int wide = w.x1 - w.x0, all = wide * (w.y1 - w.y0);
  T sum = 0;
  for (int e = lane; e < all; e += warp_size) sum += in[e / wide * f.o.w + e % wide];
  sum = warp_sum(sum);
  if (lane == 0) f.y[i] = activate(f.act, sum / static_cast<T>(w.count), f.slope);
}

// The gradient of pixel (y, x) of a plane, from that of the plane's outputs.
template <class Op, class T>
__device__ T mean_gradient(const Op& o, const T* g, int y, int x_) {
  const PoolWindows all = windows_of(o, y, x_);
  T sum = 0;
  for (int p = all.p0; p < all.p1; ++p)
    for (int q = all.q0; q < all.q1; ++q) sum += g[p * o.q + q] / static_cast<T>(mean_window(o, p, q).count);
  return sum;
}

template <class Op, class T>
struct MeanBackward {
  Op o;
  const T* grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const {
    const Place at = place_of(i, o.h, o.w);
    grad_in[i] = mask(mean_gradient(o, grad + at.plane * o.p * o.q, at.y, at.x), i);
  }
};

// Of one window that is the whole plane.
template <class T>
struct MeanOfPlaneBackward {
  int size;
  const T* grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const { grad_in[i] = mask(grad[i / size] / static_cast<T>(size), i); }
};

// V: columns of a thread with windows of 2 x 2, or 0.
template <class Op, class T, int V>
struct MeanPool {
  static constexpr unsigned takes(const Op&) { return takes_act | takes_mask; }

  static void forward(const Op& o, const Forward<T>& a) {
    if constexpr (V > 0) return pool_2x2<false, V>(o, a);
    const i64 outputs = i64{a.batch} * o.c * o.p * o.q;
    const Mean<Op, T> f{o, a.in[0], a.out, a.epilogue.act, a.epilogue.slope};
    constexpr int threads = 128;
    if (i64{o.h} * o.w >= i64{o.p} * o.q * 32)  // pixels of a window, about
      launch(a.queue, "mean pool", &mean_by_warps<Op, T>, Grid{blocks_for(outputs, threads / warp_size), threads}, f,
             outputs);
    else
      each(a.queue, "mean pool", outputs, f);
  }
  static void backward(const Op& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    if constexpr (V > 0) return pool_2x2_backward<false, V>(o, a);
    const i64 pixels = i64{a.batch} * o.c * o.h * o.w;
    if (whole_plane(o))
      each(a.queue, "mean of planes backward", pixels,
           MeanOfPlaneBackward<T>{o.h * o.w, a.grad_out, a.grad_in[0], a.mask[0]});
    else
      each(a.queue, "mean pool backward", pixels, MeanBackward<Op, T>{o, a.grad_out, a.grad_in[0], a.mask[0]});
  }

 private:
  static bool whole_plane(const AvgPoolOp& o) {
    return o.p == 1 && o.q == 1 && o.r == o.h && o.s == o.w && o.pad_h == 0 && o.pad_w == 0;
  }
  static bool whole_plane(const AdaptiveAvgPoolOp& o) { return o.p == 1 && o.q == 1; }
};

}  // namespace ctnet::cuda
