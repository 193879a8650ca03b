// SPDX-License-Identifier: MIT
// The numbers that the update loops see: an optimizer's options at one step of one segment.
#pragma once

namespace ctnet {

struct SgdNumbers {
  double rate, decay, momentum;
  double share;  // of the gradient in the momentum buffer: 1 - dampening, and 1 at the first step
  bool nesterov;
};

struct AdamNumbers {
  double rate;  // learning rate / (1 - beta1^t)
  double l2;    // Adam's weight decay, added to the gradient
  double keep;  // AdamW's: what is left of the parameter, 1 - learning rate * weight decay
  double beta1, beta2, eps;
  double root_scale;  // 1 / sqrt(1 - beta2^t)
};

struct RmspropNumbers {
  double rate, l2, alpha, eps, momentum;
  bool centered, with_buffer;  // with_buffer: momentum is not 0
};

struct LionNumbers {
  double rate;
  double keep;  // what is left of the parameter, 1 - learning rate * weight decay
  double beta1, beta2;
};

struct MuonNumbers {
  double rate;  // for a matrix of these sizes
  double keep;
  double momentum;
  bool nesterov;
  double a, b, c, eps;  // of the iteration
  int steps;
};

}  // namespace ctnet
