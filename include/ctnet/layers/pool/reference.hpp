// SPDX-License-Identifier: MIT
// The definitions of the pools, in plain loops over planes (N C) of H x W and P x Q.
//   max: y(p,q) = max over r,s of x(p*stride + r*dilation - pad, q*stride + s*dilation - pad); a NaN wins; the first of
//        equals takes the gradient, as in PyTorch
//   avg: the sum over the window's pixels inside the image, divided by the window's pixels inside the padded image
//        (count_include_pad) or inside the image
#pragma once

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<MaxPoolOp, Reference<T>> {
  static void forward(const MaxPoolOp& o, const Forward<T>& a) {
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane)
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          const T* in = a.in[0] + plane * o.h * o.w;
          a.out[(plane * o.p + p) * o.q + q] = in[winner(o, in, p, q)];
        }
  }
  static void backward(const MaxPoolOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane) {
      const T* in = a.in[0] + plane * o.h * o.w;
      T* grad = a.grad_in[0] + plane * o.h * o.w;
      for (int i = 0; i < o.h * o.w; ++i) grad[i] = T(0);
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) grad[winner(o, in, p, q)] += a.grad_out[(plane * o.p + p) * o.q + q];
    }
  }

 private:
  static int winner(const MaxPoolOp& o, const T* in, int p, int q) {
    int best = -1;
    for (int r = 0; r < o.r; ++r)
      for (int s = 0; s < o.s; ++s) {
        const int y = p * o.stride_h + r * o.dilation_h - o.pad_h, x_ = q * o.stride_w + s * o.dilation_w - o.pad_w;
        if (y < 0 || y >= o.h || x_ < 0 || x_ >= o.w) continue;
        const int at = y * o.w + x_;
        if (best < 0 || in[at] > in[best] || in[at] != in[at]) best = at;
      }
    return best;
  }
};

namespace detail {

// Pixels y0 <= y < y1, x0 <= x < x1 of an image, whose sum is divided by `count`.
struct PoolWindow {
  int y0, y1, x0, x1;
  i64 count;
};
constexpr PoolWindow window_of(const AvgPoolOp& o, int p, int q) {
  auto least = [](int a, int b) { return a < b ? a : b; };
  auto most = [](int a, int b) { return a > b ? a : b; };
  const int top = p * o.stride_h - o.pad_h, left = q * o.stride_w - o.pad_w;
  const int bottom = least(top + o.r, o.h + o.pad_h), right = least(left + o.s, o.w + o.pad_w);
  PoolWindow w{most(top, 0), least(bottom, o.h), most(left, 0), least(right, o.w), 0};
  w.count = o.count_include_pad ? i64{bottom - top} * (right - left) : i64{w.y1 - w.y0} * (w.x1 - w.x0);
  return w;
}
constexpr PoolWindow window_of(const AdaptiveAvgPoolOp& o, int p, int q) {
  auto first = [](int i, int in, int out) { return static_cast<int>(i64{i} * in / out); };
  auto after = [](int i, int in, int out) { return static_cast<int>(((i64{i} + 1) * in + out - 1) / out); };
  PoolWindow w{first(p, o.h, o.p), after(p, o.h, o.p), first(q, o.w, o.q), after(q, o.w, o.q), 0};
  w.count = i64{w.y1 - w.y0} * (w.x1 - w.x0);
  return w;
}

// y = the mean of each window; its gradient goes in equal parts to the window's pixels.
template <class Op, class T>
struct MeanOfWindows {
  static void forward(const Op& o, const Forward<T>& a) {
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane) {
      const T* in = a.in[0] + plane * o.h * o.w;
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          const PoolWindow w = window_of(o, p, q);
          T sum = 0;
          for (int y = w.y0; y < w.y1; ++y)
            for (int x_ = w.x0; x_ < w.x1; ++x_) sum += in[y * o.w + x_];
          a.out[(plane * o.p + p) * o.q + q] = sum / static_cast<T>(w.count);
        }
    }
  }
  static void backward(const Op& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane) {
      T* grad = a.grad_in[0] + plane * o.h * o.w;
      for (int i = 0; i < o.h * o.w; ++i) grad[i] = T(0);
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          const PoolWindow w = window_of(o, p, q);
          const T g = a.grad_out[(plane * o.p + p) * o.q + q] / static_cast<T>(w.count);
          for (int y = w.y0; y < w.y1; ++y)
            for (int x_ = w.x0; x_ < w.x1; ++x_) grad[y * o.w + x_] += g;
        }
    }
  }
};

}  // namespace detail

template <class T>
struct Kernel<AvgPoolOp, Reference<T>> : detail::MeanOfWindows<AvgPoolOp, T> {};
template <class T>
struct Kernel<AdaptiveAvgPoolOp, Reference<T>> : detail::MeanOfWindows<AdaptiveAvgPoolOp, T> {};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
