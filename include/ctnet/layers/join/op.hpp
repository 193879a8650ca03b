// SPDX-License-Identifier: MIT
// Joins of several values, to their kernels. Sum: all of `size`. Concat along channels: input i has c[i] channels.
#pragma once

#include "../../backends/kernel.hpp"

namespace ctnet {

struct AddOp {
  int inputs, size;
};
struct ConcatOp {
  int inputs, plane;
  int c[max_inputs];
};

}  // namespace ctnet
