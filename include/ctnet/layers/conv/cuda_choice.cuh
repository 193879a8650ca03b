// SPDX-License-Identifier: MIT
// Which kernels a convolution on the GPU runs as, each pass by its own method, packed into the number of a
// KernelVariant. 0 is the general implicit GEMM, which serves every convolution.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "op.hpp"

namespace ctnet::cuda {

enum class ConvMethod : int {
  implicit = 0,   // cuda_implicit.cuh: a matrix product that gathers its windows
  direct = 1,     // cuda_direct.cuh
  depthwise = 2,  // cuda_depthwise.cuh
  cudnn = 3,      // <ctnet/cudnn.hpp>
  pointwise = 4,  // cuda_implicit.cuh: 1 x 1 of stride 1, images are matrices
};

struct ConvChoice {
  ConvMethod forward = ConvMethod::implicit, data = ConvMethod::implicit, weights = ConvMethod::implicit;
  int number = 0;  // of direct and depthwise kernels: what they are templates on

  constexpr bool has(ConvMethod m) const { return forward == m || data == m || weights == m; }
  constexpr int code() const {
    return static_cast<int>(forward) | static_cast<int>(data) << 3 | static_cast<int>(weights) << 6 | number << 9;
  }
  static constexpr ConvChoice of(int code) {
    return {static_cast<ConvMethod>(code & 7), static_cast<ConvMethod>(code >> 3 & 7),
            static_cast<ConvMethod>(code >> 6 & 7), code >> 9};
  }
};

constexpr const char* name_of(ConvMethod m) {
  switch (m) {
    case ConvMethod::implicit:
      return "implicit GEMM";
    case ConvMethod::direct:
      return "direct";
    case ConvMethod::depthwise:
      return "depthwise";
    case ConvMethod::cudnn:
      return "cuDNN";
    case ConvMethod::pointwise:
      return "GEMM";
  }
  return "?";
}

// 1 x 1, stride 1, no border: the image is the matrix.
constexpr bool pointwise(const ConvOp& o) {
  return o.r == 1 && o.s == 1 && o.stride_h == 1 && o.stride_w == 1 && o.pad_h == 0 && o.pad_w == 0;
}

// Large convolutions by cuDNN, with the policy Cudnn; <ctnet/cudnn.hpp> defines it:
//   static constexpr bool pays(const ConvOp&);  static constexpr unsigned takes(const ConvOp&);
//   static i64 scratch(const ConvOp&);  forward, data and weights as the kernels of this room
template <class T, Compute C, bool Deterministic>
struct CudnnConv;

}  // namespace ctnet::cuda
