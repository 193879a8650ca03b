// SPDX-License-Identifier: MIT
// Pools to their kernels. in (N, C, H, W), out (N, C, P, Q).
#pragma once

#include "../../core/shape.hpp"

namespace ctnet {

struct MaxPoolOp {
  int c, h, w, p, q;
  int r, s, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
};
struct AvgPoolOp {
  int c, h, w, p, q;
  int r, s, stride_h, stride_w, pad_h, pad_w;
  int count_include_pad;
};
struct AdaptiveAvgPoolOp {
  int c, h, w, p, q;
};

}  // namespace ctnet
