// SPDX-License-Identifier: MIT
// How the losses see logits: (N, C, S), S = H * W or 1; and how they make one value of many.
#pragma once

#include <cstddef>

namespace ctnet {

// Logits of N images, C classes, S places each.
struct LossExtents {
  std::size_t n = 0, c = 0, s = 1;
};

// PyTorch's reduction. Its "none" is loss.each(...), which gives a tensor.
enum class Reduction { mean, sum };

}  // namespace ctnet
