// SPDX-License-Identifier: MIT
// BatchNorm in deployed networks: what it does to a channel, y = scale x + shift, folded into the weights before it
// where there are any.
#pragma once

#include <cmath>

#include "../../backends/cpu/layout.hpp"
#include "../../backends/cpu/simd.hpp"
#include "op.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/norm/deploy.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet::cpu {

struct Affine {
  double scale, shift;
};
// Of channel c. state: weight, bias, running mean, running variance, (C) each.
inline Affine affine_of(const BatchNormOp& o, const float* state, int c) noexcept {
  const double eps = static_cast<double>(o.eps_numerator) / o.eps_denominator;
  const double scale = static_cast<double>(state[c]) / std::sqrt(static_cast<double>(state[3 * o.c + c]) + eps);
  return {scale, static_cast<double>(state[o.c + c]) - static_cast<double>(state[2 * o.c + c]) * scale};
}

}  // namespace ctnet::cpu
