// SPDX-License-Identifier: MIT
// Linear on the CPU as matrix products: Y = X W^T + b,  dX = dY W,  dW += dY^T X,  db += column sums of dY.
#pragma once

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/gemm.hpp"
#include "reference.hpp"

namespace ctnet {

template <class T>
struct Kernel<LinearOp, Cpu<T>> {
  static void forward(const LinearOp& o, const Forward<T>& a) {
    CTNET_PICK(gemm_dot<T>)
    (a.batch, o.out, o.in, a.in[0], o.in, a.parameters, o.in, a.out, o.out,
     o.bias ? a.parameters + i64{o.in} * o.out : nullptr, false);
  }
  static void backward(const LinearOp& o, const Backward<T>& a) {
    const auto gemm = CTNET_PICK(gemm<T>);
    gemm(o.out, o.in, a.batch, a.grad_out, 1, o.out, a.in[0], o.in, a.grad_parameters, o.in, nullptr, a.accumulate);
    if (o.bias) {
      T* grad_bias = a.grad_parameters + i64{o.in} * o.out;
      if (!a.accumulate)
        for (int i = 0; i < o.out; ++i) grad_bias[i] = T(0);
      for (int n = 0; n < a.batch; ++n)
        for (int i = 0; i < o.out; ++i) grad_bias[i] += a.grad_out[i64{n} * o.out + i];
    }
    if (a.grad_in[0])
      gemm(a.batch, o.in, o.out, a.grad_out, o.out, 1, a.parameters, o.in, a.grad_in[0], o.in, nullptr, false);
  }
};

}  // namespace ctnet
