// SPDX-License-Identifier: MIT
// How the losses see logits: (N, C, S), S = H * W or 1.
#pragma once

#include <cstddef>

namespace ctnet {

// Logits of N images, C classes, S places each.
struct LossExtents {
  std::size_t n = 0, c = 0, s = 1;
};

}  // namespace ctnet
