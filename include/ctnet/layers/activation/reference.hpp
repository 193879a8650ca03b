// SPDX-License-Identifier: MIT
// The definitions of the activations over a tensor (the functions themselves: core/act.hpp), and of softmax.
#pragma once

#include <cmath>

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<ActivationOp, Reference<T>> {
  static void forward(const ActivationOp& o, const Forward<T>& a) {
    const T slope = o.slope<T>();
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.out[i] = activate(o.act, a.in[0][i], slope);
  }
  static void backward(const ActivationOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const T slope = o.slope<T>();
    const T* kept = derived_from_output(o.act) ? a.out : a.in[0];
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.grad_in[0][i] = a.grad_out[i] * derivative(o.act, kept[i], slope);
  }
};

template <class T>
struct Kernel<SoftmaxOp, Reference<T>> {
  static void forward(const SoftmaxOp& o, const Forward<T>& a) {
    for (int n = 0; n < a.batch; ++n)
      for (int i = 0; i < o.plane; ++i) {
        const i64 at = i64{n} * o.c * o.plane + i;
        T most = a.in[0][at], sum = 0;
        for (int c = 1; c < o.c; ++c)
          most = a.in[0][at + i64{c} * o.plane] > most ? a.in[0][at + i64{c} * o.plane] : most;
        for (int c = 0; c < o.c; ++c) {
          const T e = std::exp(a.in[0][at + i64{c} * o.plane] - most);
          a.out[at + i64{c} * o.plane] = e;
          sum += e;
        }
        for (int c = 0; c < o.c; ++c) a.out[at + i64{c} * o.plane] /= sum;
      }
  }
  // dx = y (dy - sum over c of dy y)
  static void backward(const SoftmaxOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (int n = 0; n < a.batch; ++n)
      for (int i = 0; i < o.plane; ++i) {
        const i64 at = i64{n} * o.c * o.plane + i;
        T dot = 0;
        for (int c = 0; c < o.c; ++c) dot += a.grad_out[at + i64{c} * o.plane] * a.out[at + i64{c} * o.plane];
        for (int c = 0; c < o.c; ++c)
          a.grad_in[0][at + i64{c} * o.plane] =
              a.out[at + i64{c} * o.plane] * (a.grad_out[at + i64{c} * o.plane] - dot);
      }
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
