// SPDX-License-Identifier: MIT
// Max pools with any window on the GPU. A thread makes one output. Backward, a thread makes one pixel's gradient: it
// looks for the winners of all windows that the pixel lies in (their pixels come from L1) and adds up the gradients of
// those it wins. R, S: the window where the compiler knows it, undilated; R = 0: as the operation says.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "op.hpp"

namespace ctnet::cuda {

// Place i of planes of h x w.
struct Place {
  i64 plane;
  int y, x;
};
__device__ inline Place place_of(i64 i, int h, int w) {
  const int size = h * w;
  const i64 plane = i / size;
  const int at = static_cast<int>(i - plane * size);
  return {plane, at / w, at % w};
}

// As the reference finds it: the first of the largest, or the last NaN.
template <int R, int S, class T>
__device__ int pool_winner(const MaxPoolOp& o, const T* in, int p, int q) {
  const int r_end = R > 0 ? R : o.r, s_end = R > 0 ? S : o.s;
  const int dilation_h = R > 0 ? 1 : o.dilation_h, dilation_w = R > 0 ? 1 : o.dilation_w;
  const int top = p * o.stride_h - o.pad_h, left = q * o.stride_w - o.pad_w;
  int best = -1;
  T most = 0;
  for (int r = 0; r < r_end; ++r)
    for (int s = 0; s < s_end; ++s) {
      const int y = top + r * dilation_h, x_ = left + s * dilation_w;
      if (y < 0 || y >= o.h || x_ < 0 || x_ >= o.w) continue;
      const T v = in[y * o.w + x_];
      if (best < 0 || v > most || v != v) best = y * o.w + x_, most = v;
    }
  return best;
}

template <class T, int R, int S>
struct MaxPool {
  MaxPoolOp o;
  const T* x;
  T* y;
  int act;
  T slope;
  __device__ void operator()(i64 i) const {
    const Place at = place_of(i, o.p, o.q);
    const T* in = x + at.plane * o.h * o.w;
    y[i] = activate(act, in[pool_winner<R, S>(o, in, at.y, at.x)], slope);
  }
};

template <class T, int R, int S>
struct MaxPoolBackward {
  MaxPoolOp o;
  const T *x, *grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const {
    const Place at = place_of(i, o.h, o.w);
    const T *in = x + at.plane * o.h * o.w, *g = grad + at.plane * o.p * o.q;
    const int pixel = at.y * o.w + at.x, bottom = at.y + o.pad_h, right = at.x + o.pad_w;
    const int p0 =
        bottom < (o.r - 1) * o.dilation_h ? 0 : (bottom - (o.r - 1) * o.dilation_h + o.stride_h - 1) / o.stride_h;
    const int q0 =
        right < (o.s - 1) * o.dilation_w ? 0 : (right - (o.s - 1) * o.dilation_w + o.stride_w - 1) / o.stride_w;
    T sum = 0;
    for (int p = p0; p < o.p && p * o.stride_h <= bottom; ++p) {
      if ((bottom - p * o.stride_h) % o.dilation_h != 0) continue;
      for (int q = q0; q < o.q && q * o.stride_w <= right; ++q)
        if ((right - q * o.stride_w) % o.dilation_w == 0 && pool_winner<R, S>(o, in, p, q) == pixel)
          sum += g[p * o.q + q];
    }
    grad_in[i] = mask(sum, i);
  }
};

}  // namespace ctnet::cuda
