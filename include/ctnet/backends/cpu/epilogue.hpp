// SPDX-License-Identifier: MIT
// What a deployed kernel does to its sums before it stores them:  out = act(sum + bias [+ add]),  where act is
//   none: v    relu: v < 0 ? 0 : v    leaky_relu: v < 0 ? v * slope : v
// A NaN stays a NaN, as in PyTorch.
#pragma once

#include "simd.hpp"

namespace ctnet::cpu {

enum class Fused : int { none, relu, leaky_relu };

struct Epilogue {
  Fused act = Fused::none;
  int slope_numerator = 0, slope_denominator = 1;
  bool add = false;  // of a map that lies in memory as the output does; it may be the output itself

  constexpr bool operator==(const Epilogue&) const = default;
  // The three activations are one:  v < 0 ? (bits of v * slope) & keep : v.  Relu's 0 is no product: -inf * 0 is NaN.
  constexpr float slope() const {
    return act == Fused::none   ? 1.0f
           : act == Fused::relu ? 0.0f
                                : static_cast<float>(double{1} * slope_numerator / slope_denominator);
  }
  constexpr int keep() const { return act == Fused::relu ? 0 : -1; }
};

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/backends/cpu/epilogue.inl"
#include "foreach_target.hpp"
