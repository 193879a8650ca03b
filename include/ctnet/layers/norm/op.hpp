// SPDX-License-Identifier: MIT
// Batch normalization to its kernels. in and out (N, C, plane), weight, bias, running mean and variance (C).
#pragma once

namespace ctnet {

struct BatchNormOp {
  int c, plane;
  int eps_numerator, eps_denominator, momentum_numerator, momentum_denominator;
};

}  // namespace ctnet
