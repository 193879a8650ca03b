// SPDX-License-Identifier: MIT
// What a step of training tells the host: written by kernels, copied to the host behind them.
#pragma once

namespace ctnet::cuda {

struct StepResult {
  double value = 0;              // of the loss
  double weight = 0;             // what that is a mean over; 0 where nothing counts
  int counted = 0, correct = 0;  // rows that have a label to get right, and those that do; of classifiers only
  double gradient_norm = 0;      // before clipping; 0 where nothing is clipped
};

}  // namespace ctnet::cuda
