// SPDX-License-Identifier: MIT
// Activations to their kernels: elementwise over `size` values of an image, and Softmax over channels (N, C, plane).
#pragma once

#include "../../core/act.hpp"

namespace ctnet {

struct ActivationOp {
  int act;  // an Act
  int size;
  int slope_numerator, slope_denominator;  // leaky_relu

  template <class T>
  CTNET_HD constexpr T slope() const {
    return static_cast<T>(slope_numerator) / static_cast<T>(slope_denominator);
  }
};
struct SoftmaxOp {
  int c, plane;
};

}  // namespace ctnet
