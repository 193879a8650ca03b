// SPDX-License-Identifier: MIT
// Pools to try: every option, overlapping windows, odd sizes, one pixel. Those of recorded*() have PyTorch's numbers.
#pragma once

#include <ctnet/layers/pool.hpp>

#include "../case.hpp"

namespace test::pool {

using namespace ctnet;

inline std::vector<Case<MaxPoolOp>> recorded_max() {
  return {
      on<MaxPool<2>>("max_pool/plain", {3, 6, 8}),
      on<MaxPool<2>>("max_pool/odd", {2, 7, 5}),
      on<MaxPool<Size{2, 3}>>("max_pool/window_2x3", {2, 7, 8}),
      on<MaxPool<3, Stride<2>>>("max_pool/overlap", {2, 9, 7}),
      on<MaxPool<3, Stride<1>>>("max_pool/stride_1", {2, 5, 4}),
      on<MaxPool<3, Stride<2>, Pad<1>>>("max_pool/pad", {2, 7, 8}),
      on<MaxPool<Size{2, 4}, Stride<2, 3>, Pad<1, 2>>>("max_pool/pad_1x2", {2, 7, 9}),
      on<MaxPool<2, CeilMode>>("max_pool/ceil", {2, 5, 7}),
      on<MaxPool<3, Stride<2>, Pad<1>, CeilMode>>("max_pool/ceil_pad", {2, 6, 7}),
      on<MaxPool<2, Stride<3>, CeilMode>>("max_pool/ceil_stride_beyond_window", {2, 6, 7}),
      on<MaxPool<2, Dilation<2>>>("max_pool/dilation", {2, 7, 6}),
      on<MaxPool<3, Stride<2>, Pad<1>, Dilation<2, 1>>>("max_pool/dilation_pad", {2, 8, 7}),
      on<MaxPool<1>>("max_pool/one_pixel", {3, 1, 1}),
      on<MaxPool<Size{5, 4}>>("max_pool/whole_image", {2, 5, 4}),
  };
}
inline std::vector<Case<AvgPoolOp>> recorded_avg() {
  return {
      on<AvgPool<2>>("avg_pool/plain", {3, 6, 8}),
      on<AvgPool<2>>("avg_pool/odd", {2, 7, 5}),
      on<AvgPool<Size{2, 3}>>("avg_pool/window_2x3", {2, 7, 8}),
      on<AvgPool<3, Stride<2>>>("avg_pool/overlap", {2, 9, 7}),
      on<AvgPool<3, Stride<1>, Pad<1>>>("avg_pool/stride_1_pad", {2, 5, 4}),
      on<AvgPool<3, Stride<2>, Pad<1>, ExcludePad>>("avg_pool/exclude_pad", {2, 7, 8}),
      on<AvgPool<Size{2, 4}, Stride<2, 3>, Pad<1, 2>>>("avg_pool/pad_1x2", {2, 7, 9}),
      on<AvgPool<2, CeilMode>>("avg_pool/ceil", {2, 5, 7}),
      on<AvgPool<3, Stride<2>, Pad<1>, CeilMode>>("avg_pool/ceil_pad", {2, 6, 8}),
      on<AvgPool<3, Stride<2>, Pad<1>, CeilMode, ExcludePad>>("avg_pool/ceil_exclude_pad", {2, 6, 8}),
      on<AvgPool<2, Stride<3>, CeilMode>>("avg_pool/ceil_stride_beyond_window", {2, 6, 7}),
      on<AvgPool<1>>("avg_pool/one_pixel", {3, 1, 1}),
      on<AvgPool<Size{5, 4}>>("avg_pool/whole_image", {2, 5, 4}),
  };
}
inline std::vector<Case<AdaptiveAvgPoolOp>> recorded_adaptive() {
  return {
      on<AdaptiveAvgPool<3>>("adaptive_avg_pool/even", {2, 6, 9}),
      on<AdaptiveAvgPool<3>>("adaptive_avg_pool/overlap", {2, 7, 8}),
      on<AdaptiveAvgPool<2, 5>>("adaptive_avg_pool/2x5", {2, 5, 7}),
      on<AdaptiveAvgPool<6>>("adaptive_avg_pool/larger_than_image", {2, 4, 3}),
      on<AdaptiveAvgPool<1>>("adaptive_avg_pool/one", {3, 5, 4}),
      on<GlobalAvgPool>("adaptive_avg_pool/global", {5, 7, 3}),
      on<GlobalAvgPool>("adaptive_avg_pool/global_one_pixel", {4, 1, 1}),
  };
}

inline std::vector<Case<MaxPoolOp>> wide_max() {
  return {
      on<MaxPool<2, CeilMode>>("max_pool/ceil_beyond_a_pixel", {3, 1, 1}),
      on<MaxPool<3, Stride<2>, CeilMode>>("max_pool/ceil_beyond_the_image", {2, 2, 5}),
      on<MaxPool<2>>("2 x 2", {17, 28, 34}),
      on<MaxPool<3, Stride<2>, Pad<1>>>("3 x 3, stride 2", {9, 33, 35}),
      on<MaxPool<3, Stride<1>, Pad<1>>>("3 x 3, stride 1", {5, 19, 70}),
      on<MaxPool<5, Stride<1>, Pad<2>>>("5 x 5, stride 1", {3, 20, 21}),
  };
}
inline std::vector<Case<AvgPoolOp>> wide_avg() {
  return {
      on<AvgPool<3, Stride<2>, CeilMode>>("avg_pool/ceil_beyond_the_image", {2, 2, 5}),
      on<AvgPool<2>>("2 x 2", {17, 28, 34}),
      on<AvgPool<3, Stride<1>, Pad<1>>>("3 x 3, stride 1", {9, 17, 68}),
      on<AvgPool<7>>("7 x 7", {65, 7, 7}),
  };
}
inline std::vector<Case<AdaptiveAvgPoolOp>> wide_adaptive() {
  return {on<GlobalAvgPool>("global", {67, 14, 15}), on<AdaptiveAvgPool<7>>("7 x 7", {9, 20, 30})};
}

}  // namespace test::pool
