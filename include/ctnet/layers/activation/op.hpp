// SPDX-License-Identifier: MIT
// Activations to their kernels: elementwise over `size` values of an image, and Softmax over channels (N, C, plane).
#pragma once

namespace ctnet {

enum class Act : int { relu, leaky_relu, sigmoid, tanh, gelu, silu };

struct ActivationOp {
  int act;  // an Act
  int size;
  int slope_numerator, slope_denominator;  // leaky_relu
};
struct SoftmaxOp {
  int c, plane;
};

}  // namespace ctnet
