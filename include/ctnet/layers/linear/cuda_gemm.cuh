// SPDX-License-Identifier: MIT
// Linear on the GPU as matrix products (backends/cuda/gemm.cuh):
//   Y (N, O) = X (N, I) W^T,  dW (O, I) = dY^T X with the sums of dY^T's rows for db,  dX (N, I) = dY W
#pragma once

#include "../../backends/cuda/gemm.cuh"
#include "op.hpp"

namespace ctnet::cuda {

// Channels are columns.
template <class T>
struct LinearStore {
  static constexpr bool row_sums = false;
  using Row = i64;
  struct Place {
    int n;
    T bias;
    typename Epilogue<T>::Channel channel;
  };

  T* y;
  int outputs;
  const T* bias;
  Epilogue<T> epilogue;

  CTNET_HD void enter(int) const {}
  CTNET_HD i64 row(int m) const { return i64{m} * outputs; }
  CTNET_HD Place place(int n) const { return {n, bias ? bias[n] : T(0), epilogue.channel(n)}; }
  CTNET_HD void operator()(i64 row, const Place& p, T v) const {
    y[row + p.n] = epilogue(v + p.bias, p.channel, row + p.n);
  }
};
template <class T>
struct LinearDataStore {
  static constexpr bool row_sums = false;
  using Row = i64;
  using Place = int;

  T* grad_in;
  int inputs;
  Mask<T> mask;

  CTNET_HD void enter(int) const {}
  CTNET_HD i64 row(int m) const { return i64{m} * inputs; }
  CTNET_HD int place(int n) const { return n; }
  CTNET_HD void operator()(i64 row, int place, T v) const { grad_in[row + place] = mask(v, row + place); }
};

constexpr i64 linear_scratch(const LinearOp& o) {
  const i64 products = gemm_scratch(o.in > o.out ? o.in : o.out), weights = gemm_scratch(o.out, o.in, 1);
  return products > weights ? products : weights;
}

template <Compute C, class T>
void linear_forward(const LinearOp& o, const Forward<T>& a) {
  gemm<C, T>(a.queue, "linear", {a.batch, o.out, o.in}, Matrix<T, true>{a.in[0], o.in},
             Matrix<T, true>{a.parameters, o.in},
             LinearStore<T>{a.out, o.out, o.bias ? a.parameters + i64{o.in} * o.out : nullptr, a.epilogue}, a.scratch,
             linear_scratch(o));
}
template <Compute C, class T>
void linear_weights(const LinearOp& o, const Backward<T>& a) {
  gemm<C, T>(
      a.queue, "linear, gradient of the weights", {o.out, o.in, a.batch}, Matrix<T, false>{a.grad_out, o.out},
      Matrix<T, false>{a.in[0], o.in},
      GradStore<T>{a.grad_parameters, o.in, a.accumulate, o.bias ? a.grad_parameters + i64{o.in} * o.out : nullptr},
      a.scratch, linear_scratch(o));
}
template <Compute C, class T>
void linear_data(const LinearOp& o, const Backward<T>& a) {
  gemm<C, T>(a.queue, "linear, gradient of the input", {a.batch, o.in, o.out}, Matrix<T, true>{a.grad_out, o.out},
             Matrix<T, false>{a.parameters, o.in}, LinearDataStore<T>{a.grad_in[0], o.in, a.mask[0]}, a.scratch,
             linear_scratch(o));
}

}  // namespace ctnet::cuda
