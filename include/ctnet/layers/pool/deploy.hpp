// SPDX-License-Identifier: MIT
// Pools in deployed networks, on blocked activations.
#pragma once

#include "../../backends/cpu/layout.hpp"
#include "../../backends/cpu/simd.hpp"
#include "reference.hpp"

namespace ctnet::cpu {

// The pixels of a max window inside the image: y0, y0 + dilation, ... below y1.
constexpr ctnet::detail::PoolWindow window_of(const MaxPoolOp& o, int p, int q) {
  const auto first = [](int at, int dilation) {
    return at >= 0 ? at : at + (-at + dilation - 1) / dilation * dilation;
  };
  const auto least = [](int a, int b) { return a < b ? a : b; };
  const int top = p * o.stride_h - o.pad_h, left = q * o.stride_w - o.pad_w;
  return {first(top, o.dilation_h), least(top + (o.r - 1) * o.dilation_h + 1, o.h), first(left, o.dilation_w),
          least(left + (o.s - 1) * o.dilation_w + 1, o.w), 0};
}

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/layers/pool/deploy.inl"
#include "../../backends/cpu/foreach_target.hpp"
