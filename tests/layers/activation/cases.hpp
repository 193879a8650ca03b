// SPDX-License-Identifier: MIT
// Activations to try, on values within and far beyond the range where they bend. Those of recorded() have PyTorch's
// numbers.
#pragma once

#include <ctnet/layers/activation.hpp>

#include "../case.hpp"

namespace test::activation {

using namespace ctnet;

inline std::vector<Case<ActivationOp>> recorded() {
  return {
      on<ReLU>("activation/relu", {3, 5, 7}),
      on<LeakyReLU<>>("activation/leaky_relu", {3, 5, 7}),
      on<LeakyReLU<1, 4>>("activation/leaky_relu_quarter", {11}),
      on<Sigmoid>("activation/sigmoid", {3, 5, 7}, {.scale = 8}),
      on<Tanh>("activation/tanh", {3, 5, 7}, {.scale = 4}),
      on<GELU>("activation/gelu", {3, 5, 7}, {.scale = 4}),
      on<SiLU>("activation/silu", {3, 5, 7}, {.scale = 8}),
      on<ReLU>("activation/relu_features", {13}),
  };
}
inline std::vector<Case<SoftmaxOp>> recorded_softmax() {
  return {
      on<Softmax>("softmax/features", {7}, {.scale = 4}),
      on<Softmax>("softmax/one", {1}, {.saturates = true}),
      on<Softmax>("softmax/image", {3, 4, 5}, {.scale = 2}),
  };
}

// Every activation at every length up to a few vectors, small and large values.
template <class L>
void lengths(std::vector<Case<ActivationOp>>& cases, const std::string& name) {
  for (const int n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1001})
    for (const double scale : {0.125, 2.0, 16.0})
      cases.push_back(on<L>(name + " of " + std::to_string(n) + " up to " + std::to_string(scale), {n},
                            {.scale = scale, .saturates = true}));
}
inline std::vector<Case<ActivationOp>> all_lengths() {
  std::vector<Case<ActivationOp>> cases;
  lengths<ReLU>(cases, "ReLU");
  lengths<LeakyReLU<>>(cases, "LeakyReLU");
  lengths<Sigmoid>(cases, "Sigmoid");
  lengths<Tanh>(cases, "Tanh");
  lengths<GELU>(cases, "GELU");
  lengths<SiLU>(cases, "SiLU");
  return cases;
}
inline std::vector<Case<SoftmaxOp>> more_softmax() {
  return {
      on<Softmax>("softmax of 2", {2}, {.scale = 16, .saturates = true}),
      on<Softmax>("softmax of 10", {10}, {.scale = 8}),
      on<Softmax>("softmax of 1000", {1000}, {.scale = 8}),
      on<Softmax>("softmax, logits of 1000", {17}, {.scale = 4, .offset = 1024}),
      on<Softmax>("softmax, logits of -1000", {17}, {.scale = 4, .offset = -1024}),
      on<Softmax>("softmax per pixel", {21, 5, 7}, {.scale = 4}),
      on<Softmax>("softmax per pixel, 2 classes", {2, 9, 33}),
  };
}

}  // namespace test::activation
