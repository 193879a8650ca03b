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

}  // namespace ctnet
