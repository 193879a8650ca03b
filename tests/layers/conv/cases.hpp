// SPDX-License-Identifier: MIT
// Convolutions to try: every option of Conv, odd sizes, one pixel. Those of recorded() have PyTorch's numbers beside
// them.
#pragma once

#include <ctnet/layers/conv.hpp>

#include "../case.hpp"

namespace test::conv {

using namespace ctnet;
using Cases = std::vector<Case<ConvOp>>;

inline Cases recorded() {
  return {
      on<Conv<3, 4, 3>>("conv/plain", {3, 7, 5}),
      on<Conv<3, 6, 5>>("conv/five", {3, 9, 11}),
      on<Conv<1, 1, 3>>("conv/one_channel", {1, 5, 7}),
      on<Conv<2, 3, Size{3, 5}>>("conv/kernel_3x5", {2, 6, 9}),
      on<Conv<3, 4, 2, Stride<2>>>("conv/even", {3, 6, 8}),
      on<Conv<3, 4, 3, Stride<2>>>("conv/stride", {3, 8, 7}),
      on<Conv<2, 3, 3, Stride<2, 3>>>("conv/stride_2x3", {2, 9, 11}),
      on<Conv<2, 3, 2, Stride<3>>>("conv/stride_beyond_kernel", {2, 9, 10}),
      on<Conv<3, 4, 3, Pad<1>>>("conv/pad", {3, 5, 7}),
      on<Conv<2, 3, Size{3, 5}, Pad<1, 2>>>("conv/pad_1x2", {2, 5, 6}),
      on<Conv<2, 3, Size{3, 5}, Same>>("conv/same", {2, 6, 7}),
      on<Conv<2, 3, Size{2, 3}, Dilation<2, 3>, Same>>("conv/same_dilation", {2, 5, 4}),
      on<Conv<2, 3, 3, Pad<4>>>("conv/pad_beyond_kernel", {2, 3, 4}),
      on<Conv<2, 3, 3, Dilation<2>>>("conv/dilation", {2, 7, 8}),
      on<Conv<2, 3, 3, Dilation<2, 3>, Pad<2>>>("conv/dilation_2x3", {2, 5, 7}),
      on<Conv<4, 6, 3, Groups<2>, Pad<1>>>("conv/groups", {4, 5, 5}),
      on<Conv<5, 5, 3, Groups<5>, Pad<1>>>("conv/depthwise", {5, 6, 5}),
      on<Conv<3, 6, 3, Groups<3>, Stride<2>>>("conv/depthwise_multiplier", {3, 7, 7}),
      on<Conv<3, 4, 3, NoBias>>("conv/no_bias", {3, 5, 6}),
      on<Conv<5, 7, 1>>("conv/one_by_one", {5, 4, 5}),
      on<Conv<4, 3, 1, Stride<2>>>("conv/one_by_one_stride", {4, 5, 6}),
      on<Conv<4, 3, 1>>("conv/one_pixel", {4, 1, 1}),
      on<Conv<2, 3, 3, Pad<1>>>("conv/one_pixel_pad", {2, 1, 1}),
      on<Conv<2, 5, Size{4, 6}>>("conv/whole_image", {2, 4, 6}),
      on<Conv<4, 6, Size{3, 2}, Stride<2, 1>, Pad<2, 1>, Dilation<1, 2>, Groups<2>, NoBias>>("conv/all", {4, 7, 6}),
  };
}

// Sizes that a tuned kernel may treat in a way of its own.
inline Cases wide() {
  return {
      on<Conv<3, 6, 5>>("lenet 0", {3, 32, 32}),
      on<Conv<6, 16, 5>>("lenet 3", {6, 14, 14}),
      on<Conv<16, 17, 3, Pad<1>>>("17 filters", {16, 13, 15}),
      on<Conv<33, 32, 3, Pad<1>, NoBias>>("33 channels", {33, 8, 8}),
      on<Conv<64, 64, 3, Pad<1>>>("64 channels", {64, 7, 9}),
      on<Conv<32, 48, 3, Stride<2>, Pad<1>>>("stride 2", {32, 15, 13}),
      on<Conv<40, 72, 1>>("1 x 1", {40, 11, 7}),
      on<Conv<24, 40, 1, Stride<2>, NoBias>>("1 x 1, stride 2", {24, 9, 9}),
      on<Conv<3, 16, 7, Stride<2>, Pad<3>>>("7 x 7, stride 2", {3, 23, 25}),
      on<Conv<32, 32, 3, Groups<32>, Pad<1>>>("depthwise", {32, 17, 19}),
      on<Conv<32, 32, 5, Groups<32>, Pad<2>, Stride<2>>>("depthwise 5 x 5, stride 2", {32, 16, 18}),
      on<Conv<32, 48, 3, Groups<4>, Pad<1>>>("4 groups", {32, 9, 8}),
      on<Conv<16, 24, 3, Dilation<2>, Pad<2>>>("dilation", {16, 11, 12}),
      on<Conv<1, 8, Size{1, 9}>>("1 x 9", {1, 16, 65}),
      on<Conv<8, 8, Size{9, 1}>>("9 x 1", {8, 20, 3}),
      on<Conv<256, 10, 1>>("one pixel", {256, 1, 1}),
  };
}

// A convolution that no layer type stands for.
inline Case<ConvOp> case_of(const ConvOp& o, const std::string& name) {
  Case<ConvOp> c;
  c.name = name;
  c.op = o;
  c.in = {{o.c, o.h, o.w}};
  c.out = {o.k, o.p, o.q};
  c.parameters = o.weights() + (o.bias ? o.k : 0);
  c.traits = Conv<1, 1, 1>::traits;
  return c;
}

// Options and sizes drawn at random.
inline Cases drawn(int count) {
  Cases cases;
  Random random{Seed{11}};
  auto from = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint32_t>(high - low + 1)));
  };
  while (static_cast<int>(cases.size()) < count) {
    ConvOp o{};
    o.groups = random.chance(0.7) ? 1 : from(2, 4);
    o.c = o.groups * from(1, random.chance(0.2) ? 40 : 6);
    o.k = o.groups * from(1, random.chance(0.2) ? 40 : 6);
    o.r = from(1, 5), o.s = from(1, 5);
    o.stride_h = from(1, 3), o.stride_w = from(1, 3);
    o.pad_h = from(0, 3), o.pad_w = from(0, 3);
    o.dilation_h = from(1, 2), o.dilation_w = from(1, 2);
    o.bias = from(0, 1);
    o.h = from(1, 20), o.w = from(1, 20);
    const int h = o.h + 2 * o.pad_h - o.dilation_h * (o.r - 1) - 1,
              w = o.w + 2 * o.pad_w - o.dilation_w * (o.s - 1) - 1;
    if (h < 0 || w < 0) continue;
    o.p = h / o.stride_h + 1, o.q = w / o.stride_w + 1;
    std::string name = "drawn " + std::to_string(cases.size());
    for (const auto& [what, number] : {std::pair{"c", o.c},
                                       {"h", o.h},
                                       {"w", o.w},
                                       {"k", o.k},
                                       {"r", o.r},
                                       {"s", o.s},
                                       {"stride", o.stride_h},
                                       {"", o.stride_w},
                                       {"pad", o.pad_h},
                                       {"", o.pad_w},
                                       {"dilation", o.dilation_h},
                                       {"", o.dilation_w},
                                       {"groups", o.groups},
                                       {"bias", o.bias}})
      name += std::string(" ") + what + " " + std::to_string(number);
    cases.push_back(case_of(o, name));
  }
  return cases;
}

}  // namespace test::conv
