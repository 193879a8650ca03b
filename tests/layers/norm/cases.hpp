// SPDX-License-Identifier: MIT
// Batch normalization to try, on images and on features. Those of recorded() have PyTorch's numbers beside them.
#pragma once

#include <ctnet/layers/norm.hpp>

#include "../case.hpp"

namespace test::norm {

using namespace ctnet;
using Cases = std::vector<Case<BatchNormOp>>;

inline Cases recorded() {
  return {
      on<BatchNorm<3>>("batch_norm/image", {3, 5, 4}),
      on<BatchNorm<7>>("batch_norm/features", {7}),
      on<BatchNorm<1>>("batch_norm/one_channel", {1, 3, 3}),
      on<BatchNorm<4>>("batch_norm/one_pixel", {4, 1, 1}),
      on<BatchNorm<3, Eps<1, 1000>>>("batch_norm/eps", {3, 4, 4}, {.scale = 0.125}),
      on<BatchNorm<3, Momentum<1, 4>>>("batch_norm/momentum", {3, 4, 3}),
      on<BatchNorm<3, Eps<1, 8>, Momentum<1, 1>>>("batch_norm/momentum_1", {3, 3, 4}),
      on<BatchNorm<2>>("batch_norm/far_from_zero", {2, 7, 5}, {.scale = 1, .offset = 32}),
  };
}
inline Cases wide() {
  return {
      on<BatchNorm<17>>("17 channels", {17, 15, 13}),
      on<BatchNorm<64>>("64 channels", {64, 7, 7}),
      on<BatchNorm<3>>("a large plane", {3, 65, 67}),
      on<BatchNorm<131>>("131 features", {131}),
      on<BatchNorm<5>>("a mean of 128", {5, 32, 33}, {.scale = 1, .offset = 128}),
  };
}

}  // namespace test::norm
