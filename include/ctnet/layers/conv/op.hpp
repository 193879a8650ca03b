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

// dX of `o`, of stride 1, as a convolution of dY: channels exchanged, the border such that all of X comes out.
constexpr ConvOp mirrored(const ConvOp& o) {
  ConvOp m = o;
  m.c = o.k, m.h = o.p, m.w = o.q;
  m.k = o.c, m.p = o.h, m.q = o.w;
  m.pad_h = o.r - 1 - o.pad_h;
  m.pad_w = o.s - 1 - o.pad_w;
  m.bias = 0;
  return m;
}

}  // namespace ctnet
