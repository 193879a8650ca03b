// SPDX-License-Identifier: MIT
// What the tests of deployed convolutions share: sizes, maps in their layouts, and what has to come out.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/backends/cpu/epilogue.hpp>
#include <ctnet/backends/cpu/layout.hpp>
#include <ctnet/layers/conv/reference.hpp>

#include "../../support/guarded.hpp"

namespace test::deployed {

using namespace ctnet;
using namespace ctnet::cpu;

struct Sizes {
  int c, h, w, k, r = 3, s = 3, stride_h = 1, stride_w = 1, pad_h = 1, pad_w = 1, dilation_h = 1, dilation_w = 1,
                  groups = 1;
};

constexpr ConvOp op_of(const Sizes& z) {
  return {z.c,
          z.h,
          z.w,
          z.k,
          (z.h + 2 * z.pad_h - z.dilation_h * (z.r - 1) - 1) / z.stride_h + 1,
          (z.w + 2 * z.pad_w - z.dilation_w * (z.s - 1) - 1) / z.stride_w + 1,
          z.r,
          z.s,
          z.stride_h,
          z.stride_w,
          z.pad_h,
          z.pad_w,
          z.dilation_h,
          z.dilation_w,
          z.groups,
          1};
}

struct Maps {
  int in_block = 16, more_in = 0, border_out = 0;  // more_in: border beyond the padding
};

inline constexpr Epilogue relu{.act = Fused::relu};
inline constexpr Epilogue leaky_add{
    .act = Fused::leaky_relu, .slope_numerator = 1, .slope_denominator = 8, .add = true};
inline constexpr Epilogue plain{};
inline constexpr Epilogue relu_add{.act = Fused::relu, .add = true};

// scale[k] * the convolution of x with weights, + bias (and add), activated. parameters: weights, then biases.
inline std::vector<double> expected(const ConvOp& o, const Epilogue& e, const std::vector<double>& x_,
                                    const std::vector<double>& parameters, const std::vector<double>& scale,
                                    const std::vector<double>& add) {
  std::vector<double> scaled = parameters, y(static_cast<std::size_t>(o.k * o.p * o.q));
  for (std::size_t i = 0; i < static_cast<std::size_t>(o.weights()); ++i)
    scaled[i] *= scale[i / static_cast<std::size_t>(o.taps())];
  Forward<double> f{};
  f.in[0] = x_.data();
  f.out = y.data();
  f.parameters = scaled.data();
  f.batch = 1;
  Kernel<ConvOp, Reference<double>>::forward(o, f);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (e.add) y[i] += add[i];
    if (e.act == Fused::relu && y[i] < 0) y[i] = 0;
    if (e.act == Fused::leaky_relu && y[i] < 0) y[i] = y[i] * e.slope_numerator / e.slope_denominator;
  }
  return y;
}

inline void place(const Layout& l, const std::vector<double>& values, test::Guarded<float>& map) {
  map.fill(0);
  std::size_t i = 0;
  for (int c = 0; c < l.c; ++c)
    for (int y = 0; y < l.h; ++y)
      for (int q = 0; q < l.w; ++q) map[static_cast<std::size_t>(l.at(c, y, q))] = static_cast<float>(values[i++]);
}

// The map's values; everything else in it has to be zero.
inline std::vector<float> taken(const Layout& l, const test::Guarded<float>& map) {
  std::vector<float> v;
  double sum = 0, inside = 0;
  for (const float f : map) sum += std::fabs(f);
  for (int c = 0; c < l.c; ++c)
    for (int y = 0; y < l.h; ++y)
      for (int q = 0; q < l.w; ++q) {
        v.push_back(map[static_cast<std::size_t>(l.at(c, y, q))]);
        map[static_cast<std::size_t>(l.at(c, y, q))] = 0;
        inside += std::fabs(v.back());
      }
  bool zeros = true;
  for (const float f : map) zeros = zeros && f == 0;
  CHECK_MESSAGE(zeros, "border and channels past K are zeros; sums ", sum, " and ", inside);
  return v;
}

}  // namespace test::deployed
