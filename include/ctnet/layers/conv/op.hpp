// SPDX-License-Identifier: MIT
// A convolution to its kernels. in (N, C, H, W), out (N, K, P, Q), weight (K, C / groups, R, S).
#pragma once

#include "../../core/host_device.hpp"
#include "../../core/shape.hpp"

namespace ctnet {

struct ConvOp {
  int c, h, w;
  int k, p, q;
  int r, s;
  int stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
  int groups;
  int bias;

  CTNET_HD constexpr int group_c() const { return c / groups; }
  CTNET_HD constexpr int group_k() const { return k / groups; }
  CTNET_HD constexpr int taps() const { return group_c() * r * s; }  // of one output
  CTNET_HD constexpr int weights() const { return k * taps(); }
};

}  // namespace ctnet
