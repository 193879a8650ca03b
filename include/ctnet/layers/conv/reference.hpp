// SPDX-License-Identifier: MIT
// The definition of a convolution, in plain loops:
//   y(n,k,p,q) = b(k) + sum over c,r,s of  x(n, c, p*stride + r*dilation - pad, q*stride + s*dilation - pad) *
//   w(k,c,r,s)
// c runs over the channels of k's group.
#pragma once

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<ConvOp, Reference<T>> {
  static void forward(const ConvOp& o, const Forward<T>& a) {
    const T* bias = a.parameters + o.weights();
    for (int n = 0; n < a.batch; ++n)
      for (int k = 0; k < o.k; ++k)
        for (int p = 0; p < o.p; ++p)
          for (int q = 0; q < o.q; ++q) {
            T sum = o.bias ? bias[k] : T(0);
            each_tap(o, n, k, p, q, [&](i64 in, i64 weight) { sum += a.in[0][in] * a.parameters[weight]; });
            a.out[((i64{n} * o.k + k) * o.p + p) * o.q + q] = sum;
          }
  }
  static void backward(const ConvOp& o, const Backward<T>& a) {
    const i64 all = o.weights() + (o.bias ? o.k : 0);
    if (!a.accumulate)
      for (i64 i = 0; i < all; ++i) a.grad_parameters[i] = T(0);
    if (a.grad_in[0])
      for (i64 i = 0; i < i64{a.batch} * o.c * o.h * o.w; ++i) a.grad_in[0][i] = T(0);
    T* grad_bias = a.grad_parameters + o.weights();
    for (int n = 0; n < a.batch; ++n)
      for (int k = 0; k < o.k; ++k)
        for (int p = 0; p < o.p; ++p)
          for (int q = 0; q < o.q; ++q) {
            const T g = a.grad_out[((i64{n} * o.k + k) * o.p + p) * o.q + q];
            if (o.bias) grad_bias[k] += g;
            each_tap(o, n, k, p, q, [&](i64 in, i64 weight) {
              a.grad_parameters[weight] += g * a.in[0][in];
              if (a.grad_in[0]) a.grad_in[0][in] += g * a.parameters[weight];
            });
          }
  }

 private:
  template <class F>
  static void each_tap(const ConvOp& o, int n, int k, int p, int q, F f) {
    const int first_c = k / o.group_k() * o.group_c();
    for (int c = 0; c < o.group_c(); ++c)
      for (int r = 0; r < o.r; ++r)
        for (int s = 0; s < o.s; ++s) {
          const int y = p * o.stride_h + r * o.dilation_h - o.pad_h, x_ = q * o.stride_w + s * o.dilation_w - o.pad_w;
          if (y < 0 || y >= o.h || x_ < 0 || x_ >= o.w) continue;
          f(((i64{n} * o.c + first_c + c) * o.h + y) * o.w + x_, ((i64{k} * o.group_c() + c) * o.r + r) * o.s + s);
        }
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
