// SPDX-License-Identifier: MIT
// The definitions of the joins: y = x0 + x1 + ..., and y(n, :) = the channels of x0(n, :), x1(n, :), ... one after
// another.
#pragma once

#include "../../backends/reference/reference.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<AddOp, Reference<T>> {
  static void forward(const AddOp& o, const Forward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    for (i64 i = 0; i < n; ++i) {
      T sum = a.in[0][i];
      for (int j = 1; j < o.inputs; ++j) sum += a.in[j][i];
      a.out[i] = sum;
    }
  }
  static void backward(const AddOp& o, const Backward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    for (int j = 0; j < o.inputs; ++j)
      if (a.grad_in[j])
        for (i64 i = 0; i < n; ++i) a.grad_in[j][i] = a.grad_out[i];
  }
};

template <class T>
struct Kernel<ConcatOp, Reference<T>> {
  static void forward(const ConcatOp& o, const Forward<T>& a) {
    T* out = a.out;
    for (int n = 0; n < a.batch; ++n)
      for (int j = 0; j < o.inputs; ++j) {
        const i64 size = i64{o.c[j]} * o.plane;
        for (i64 i = 0; i < size; ++i) *out++ = a.in[j][n * size + i];
      }
  }
  static void backward(const ConcatOp& o, const Backward<T>& a) {
    const T* g = a.grad_out;
    for (int n = 0; n < a.batch; ++n)
      for (int j = 0; j < o.inputs; ++j) {
        const i64 size = i64{o.c[j]} * o.plane;
        if (a.grad_in[j])
          for (i64 i = 0; i < size; ++i) a.grad_in[j][n * size + i] = g[i];
        g += size;
      }
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
