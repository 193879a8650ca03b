// SPDX-License-Identifier: MIT
// Losses, by PyTorch's names and definitions: CrossEntropy, NLLLoss, MeanSquaredError,
// BinaryCrossEntropyWithLogits, SmoothL1.
//   const auto loss = CrossEntropy{.label_smoothing = 0.1}(logits, labels);   // loss.value, loss.gradient
//   net.backward(loss.gradient);
//   CrossEntropy{.reduction = Reduction::sum}, and for PyTorch's 'none'  CrossEntropy{}.each(logits, labels).values
// Values are means over the batch, or sums; sums run in double and in a fixed order, so the same input gives the same
// bits.
#pragma once

#include "core/begin_door.hpp"

#include "losses/bce_with_logits.hpp"
#include "losses/cross_entropy.hpp"
#include "losses/mean_squared_error.hpp"
#include "losses/nll_loss.hpp"
#include "losses/smooth_l1.hpp"

#include "core/end_door.hpp"  // last
