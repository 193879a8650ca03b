// SPDX-License-Identifier: MIT
// Linear on the GPU: the choice. A few images are bound by the weights' bytes and have kernels of their own
// (cuda_few.cuh); more are matrix products, by ctnet's kernels (cuda_gemm.cuh) or, with the policy CublasLt and where
// the weights are many, by cuBLASLt.
#pragma once

#include "cuda_few.cuh"
#include "cuda_gemm.cuh"

namespace ctnet {

namespace cuda {

// Large layers by cuBLASLt; <ctnet/cublaslt.hpp> defines it, with forward, weights and data as in cuda_gemm.cuh.
template <class T, Compute C>
struct CublasLtLinear;

// Below, a product takes about as long as its launch.
constexpr bool cublaslt_pays(const LinearOp& o) { return i64{o.in} * o.out >= 128 * 1024; }

}  // namespace cuda

// V: 1 for products by cuBLASLt.
template <class P, class... Q, int V>
struct KernelVariant<LinearOp, Cuda<P, Q...>, V> {
  using B = Cuda<P, Q...>;
  using T = typename B::scalar;
  static constexpr cuda::Compute compute = B::compute;

  static constexpr unsigned takes(const LinearOp&) { return takes_act | takes_norm | takes_add | takes_mask; }
  static constexpr i64 scratch(const LinearOp& o) {
    if constexpr (V == 1)
      return cuda::CublasLtLinear<T, compute>::scratch(o);
    else
      return cuda::linear_scratch(o);
  }
  static void forward(const LinearOp& o, const cuda::Forward<T>& a) {
    if (a.batch <= cuda::few_images)
      cuda::linear_few(o, a);
    else if constexpr (V == 1)
      cuda::CublasLtLinear<T, compute>::forward(o, a);
    else
      cuda::linear_forward<compute>(o, a);
  }
  static void backward(const LinearOp& o, const cuda::Backward<T>& a) {
    if (a.batch <= cuda::few_images) {
      cuda::linear_few(o, a);
    } else if constexpr (V == 1) {
      cuda::CublasLtLinear<T, compute>::weights(o, a);
      if (a.grad_in[0]) cuda::CublasLtLinear<T, compute>::data(o, a);
    } else {
      cuda::linear_weights<compute>(o, a);
      if (a.grad_in[0]) cuda::linear_data<compute>(o, a);
    }
  }
};

template <class P, class... Q>
struct Kernel<LinearOp, Cuda<P, Q...>> : KernelVariant<LinearOp, Cuda<P, Q...>, 0> {
  static constexpr int variant(const LinearOp& o) {
    using B = Cuda<P, Q...>;
    if constexpr (B::cublaslt && B::compute != cuda::Compute::fp64) {
      static_assert(
          requires { sizeof(cuda::CublasLtLinear<typename B::scalar, B::compute>); },
          "the policy CublasLt needs #include <ctnet/cublaslt.hpp> before the first network");
      return cuda::cublaslt_pays(o) ? 1 : 0;
    }
    return 0;
  }
  static constexpr const char* method(const LinearOp& o) {
    return variant(o) == 1 ? "cuBLASLt; few images: own" : "GEMM; few images: own";
  }
};

}  // namespace ctnet
