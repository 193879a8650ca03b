// SPDX-License-Identifier: MIT
// A linear layer to its kernels. in (N, I), out (N, O), weight (O, I).
#pragma once

namespace ctnet {

struct LinearOp {
  int in, out;
  int bias;
};

}  // namespace ctnet
