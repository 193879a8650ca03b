// SPDX-License-Identifier: MIT
// The definition of a linear layer: y(n,o) = b(o) + sum over i of x(n,i) * w(o,i)
#pragma once

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<LinearOp, Reference<T>> {
  static void forward(const LinearOp& op, const Forward<T>& a) {
    const T* bias = a.parameters + i64{op.in} * op.out;
    for (int n = 0; n < a.batch; ++n)
      for (int o = 0; o < op.out; ++o) {
        T sum = op.bias ? bias[o] : T(0);
        for (int i = 0; i < op.in; ++i) sum += a.in[0][i64{n} * op.in + i] * a.parameters[i64{o} * op.in + i];
        a.out[i64{n} * op.out + o] = sum;
      }
  }
  static void backward(const LinearOp& op, const Backward<T>& a) {
    const i64 weights = i64{op.in} * op.out;
    if (!a.accumulate)
      for (i64 i = 0; i < weights + (op.bias ? op.out : 0); ++i) a.grad_parameters[i] = T(0);
    for (int n = 0; n < a.batch; ++n) {
      if (a.grad_in[0])
        for (int i = 0; i < op.in; ++i) a.grad_in[0][i64{n} * op.in + i] = T(0);
      for (int o = 0; o < op.out; ++o) {
        const T g = a.grad_out[i64{n} * op.out + o];
        if (op.bias) a.grad_parameters[weights + o] += g;
        for (int i = 0; i < op.in; ++i) {
          a.grad_parameters[i64{o} * op.in + i] += g * a.in[0][i64{n} * op.in + i];
          if (a.grad_in[0]) a.grad_in[0][i64{n} * op.in + i] += g * a.parameters[i64{o} * op.in + i];
        }
      }
    }
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
