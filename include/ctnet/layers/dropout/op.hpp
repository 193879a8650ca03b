// SPDX-License-Identifier: MIT
// Dropout to its kernels.
#pragma once

namespace ctnet {

struct DropoutOp {
  int size;
  int numerator, denominator;  // the probability
};

}  // namespace ctnet
