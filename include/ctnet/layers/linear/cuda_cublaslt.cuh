// SPDX-License-Identifier: MIT
// Linear by cuBLASLt, which sees our rows as columns:
//   Y^T (O, N) = W X^T with bias and ReLU,  dW^T (I, O) = X^T dY,  dX^T (I, N) = W^T dY^T
// What else is taken along, and db, are passes of their own, bound by memory.
#pragma once

#include "../../backends/cuda/cublaslt.cuh"
#include "../../backends/cuda/launch.cuh"
#include "cuda.cuh"

namespace ctnet::cuda {

// y = epilogue(y) in place; and the same of a gradient with its mask.
template <class T>
struct LinearFinish {
  T* y;
  int outputs;
  Epilogue<T> epilogue;
  __device__ void operator()(i64 i) const { y[i] = epilogue(y[i], epilogue.channel(static_cast<int>(i % outputs)), i); }
};
template <class T>
struct LinearMask {
  T* grad;
  Mask<T> mask;
  __device__ void operator()(i64 i) const { grad[i] = mask(grad[i], i); }
};

template <class T>
struct BiasSums {
  T of[8][warp_size];
};
// The sums of a gradient's (N, O) columns: a block has 32 columns, its 8 warps share the rows.
template <class T>
__global__ void __launch_bounds__(256) linear_bias(int batch, int outputs, const T* grad, T* sums, bool accumulate) {
  auto& part = shared<BiasSums<T>>();
  const int warp = static_cast<int>(threadIdx.x) / warp_size, lane = static_cast<int>(threadIdx.x) % warp_size;
  const int o = static_cast<int>(blockIdx.x) * warp_size + lane;
  T sum = T(0);
  if (o < outputs)
    for (int n = warp; n < batch; n += 8) sum += grad[i64{n} * outputs + o];
  part.of[warp][lane] = sum;
  sync_block();
  if (warp != 0 || o >= outputs) return;
  for (int w = 1; w < 8; ++w) sum += part.of[w][lane];
  sums[o] = accumulate ? sums[o] + sum : sum;
}

template <Compute C>
struct CublasLtLinear<float, C> {
  static i64 scratch(const LinearOp&) {
    lt::Library::get().open();
    return lt::scratch<float>;
  }
  static void forward(const LinearOp& o, const Forward<float>& a) {
    const Epilogue<float>& e = a.epilogue;
    const bool plain = !e.weight && !e.add, relu = plain && e.act == static_cast<int>(Act::relu);
    const cublasLtEpilogue_t own = relu     ? o.bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU
                                   : o.bias ? CUBLASLT_EPILOGUE_BIAS
                                            : CUBLASLT_EPILOGUE_DEFAULT;
    const float* const bias = o.bias ? a.parameters + i64{o.in} * o.out : nullptr;
    lt::multiply(a.queue, "linear", {o.out, a.batch, o.in, true, false, a.parameters, a.in[0], a.out, false, own, bias},
                 C, a.scratch);
    if (!relu && (!plain || e.act != no_act))
      each(a.queue, "linear, epilogue", i64{a.batch} * o.out, LinearFinish<float>{a.out, o.out, e});
  }
  static void weights(const LinearOp& o, const Backward<float>& a) {
    lt::multiply(a.queue, "linear, gradient of the weights",
                 {o.in, o.out, a.batch, false, true, a.in[0], a.grad_out, a.grad_parameters, a.accumulate}, C,
                 a.scratch);
    if (o.bias)
      launch(a.queue, "linear, gradient of the bias", &linear_bias<float>, Grid{blocks_for(o.out, warp_size), 256},
             a.batch, o.out, a.grad_out, a.grad_parameters + i64{o.in} * o.out, a.accumulate);
  }
  static void data(const LinearOp& o, const Backward<float>& a) {
    lt::multiply(a.queue, "linear, gradient of the input",
                 {o.in, a.batch, o.out, false, false, a.parameters, a.grad_out, a.grad_in[0]}, C, a.scratch);
    if (a.mask[0].act != no_act)
      each(a.queue, "linear, mask", i64{a.batch} * o.in, LinearMask<float>{a.grad_in[0], a.mask[0]});
  }
};

}  // namespace ctnet::cuda
