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

template <class T>
struct Kernel<AvgPoolOp, Reference<T>> {
  static void forward(const AvgPoolOp& o, const Forward<T>& a) {
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane)
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          T sum = 0;
          const T scale = each(o, p, q, [&](int at) { sum += a.in[0][plane * o.h * o.w + at]; });
          a.out[(plane * o.p + p) * o.q + q] = sum * scale;
        }
  }
  static void backward(const AvgPoolOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane) {
      T* grad = a.grad_in[0] + plane * o.h * o.w;
      for (int i = 0; i < o.h * o.w; ++i) grad[i] = T(0);
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          const T g = a.grad_out[(plane * o.p + p) * o.q + q] * each(o, p, q, [](int) {});
          each(o, p, q, [&](int at) { grad[at] += g; });
        }
    }
  }

 private:
  // Visits the window's pixels inside the image; gives 1 / count.
  template <class F>
  static T each(const AvgPoolOp& o, int p, int q, F f) {
    const int y0 = p * o.stride_h - o.pad_h, x0 = q * o.stride_w - o.pad_w;
    const int y1 = least(y0 + o.r, o.h + o.pad_h), x1 = least(x0 + o.s, o.w + o.pad_w);
    const int padded = (y1 - y0) * (x1 - x0);
    const int top = most(y0, 0), left = most(x0, 0), bottom = least(y1, o.h), right = least(x1, o.w);
    for (int y = top; y < bottom; ++y)
      for (int x_ = left; x_ < right; ++x_) f(y * o.w + x_);
    const int inside = (bottom - top) * (right - left);
    return T(1) / static_cast<T>(o.count_include_pad ? padded : inside);
  }
  static int least(int a, int b) { return a < b ? a : b; }
  static int most(int a, int b) { return a > b ? a : b; }
};

template <class T>
struct Kernel<AdaptiveAvgPoolOp, Reference<T>> {
  static void forward(const AdaptiveAvgPoolOp& o, const Forward<T>& a) {
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane)
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          T sum = 0;
          const T scale = each(o, p, q, [&](int at) { sum += a.in[0][plane * o.h * o.w + at]; });
          a.out[(plane * o.p + p) * o.q + q] = sum * scale;
        }
  }
  static void backward(const AdaptiveAvgPoolOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (i64 plane = 0; plane < i64{a.batch} * o.c; ++plane) {
      T* grad = a.grad_in[0] + plane * o.h * o.w;
      for (int i = 0; i < o.h * o.w; ++i) grad[i] = T(0);
      for (int p = 0; p < o.p; ++p)
        for (int q = 0; q < o.q; ++q) {
          const T g = a.grad_out[(plane * o.p + p) * o.q + q] * each(o, p, q, [](int) {});
          each(o, p, q, [&](int at) { grad[at] += g; });
        }
    }
  }

 private:
  template <class F>
  static T each(const AdaptiveAvgPoolOp& o, int p, int q, F f) {
    const int y0 = first(p, o.h, o.p), y1 = first_after(p, o.h, o.p), x0 = first(q, o.w, o.q), x1 = first_after(q, o.w, o.q);
    for (int y = y0; y < y1; ++y)
      for (int x_ = x0; x_ < x1; ++x_) f(y * o.w + x_);
    return T(1) / static_cast<T>((y1 - y0) * (x1 - x0));
  }
  static int first(int i, int in, int out) { return static_cast<int>(i64{i} * in / out); }
  static int first_after(int i, int in, int out) { return static_cast<int>(((i64{i} + 1) * in + out - 1) / out); }
};

}  // namespace ctnet
