// SPDX-License-Identifier: MIT
// Weights of a deployed convolution in the order of its kernel (packed_size in deploy_plan.hpp), each output channel
// times a factor. Winograd's G w G' is computed in double. Done once, when a network is deployed.
#pragma once

#include "deploy_plan.hpp"

namespace ctnet::cpu {

// F(4 x 4, 3 x 3) interpolates at 0, a, -a, b, -b and infinity. Largest error at 512 channels, of the largest output:
// 3.6e-6 with these points, 1.6e-5 with the usual 1 and 2, 1.2e-6 for F(2 x 2, 3 x 3), 2.1e-6 for the plain sum.
struct Winograd4 {
  static constexpr double a = 0.75, b = 1.5;
};

namespace detail {

// Rows of G: [1, p, p^2] / (product of the distances to the other points).
struct WinogradG {
  double g[6][3];
};
constexpr WinogradG winograd_g(int output) {
  if (output == 2) return {{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
  constexpr double a = Winograd4::a, b = Winograd4::b, a2 = a * a, b2 = b * b;
  constexpr double na = 2 * a2 * (a2 - b2), nb = 2 * b2 * (b2 - a2);
  return {{{1 / (a2 * b2), 0, 0},
           {1 / na, a / na, a2 / na},
           {1 / na, -a / na, a2 / na},
           {1 / nb, b / nb, b2 / nb},
           {1 / nb, -b / nb, b2 / nb},
           {0, 0, 1}}};
}

}  // namespace detail

// weight (K, C / groups, R, S); scale (K) or null; packed has packed_size(p) floats.
inline void pack_conv(const ConvPlan& p, const float* weight, const float* scale, float* packed) noexcept {
  const ConvOp& o = p.op;
  constexpr int b = channel_block;
  const int area = o.r * o.s;
  const bool depthwise = p.method == ConvMethod::depthwise;
  const int channels = depthwise ? 1 : o.group_c(), side = p.edge();
  const detail::WinogradG t = detail::winograd_g(p.output());
  const i64 all = packed_size(p);
  for (i64 i = 0; i < all; ++i) packed[i] = 0;
  for (int block = 0; block < p.out.blocks(); ++block)
    for (int c = 0; c < channels; ++c)
      for (int k = block * b; k < block * b + b && k < o.k; ++k) {
        const double factor = scale ? static_cast<double>(scale[k]) : 1.0;
        const float* w = weight + (i64{k} * channels + c) * area;
        if (p.winograd()) {
          float* to = packed + i64{block} * side * side * o.c * b + i64{c} * b + k % b;
          for (int i = 0; i < side; ++i) {
            double row[3];
            for (int s = 0; s < 3; ++s)
              row[s] = t.g[i][0] * static_cast<double>(w[s]) + t.g[i][1] * static_cast<double>(w[3 + s]) +
                       t.g[i][2] * static_cast<double>(w[6 + s]);
            for (int j = 0; j < side; ++j)
              to[i64{i * side + j} * o.c * b] =
                  static_cast<float>(factor * (row[0] * t.g[j][0] + row[1] * t.g[j][1] + row[2] * t.g[j][2]));
          }
          continue;
        }
        // A run of channels lies together for each tap.
        const int run = p.in.block == 1 || depthwise ? 1 : c / b * b + b <= channels ? b : channels % b;
        const int first = run == 1 ? c : c / b * b;
        float* to = packed + (i64{block} * channels + first) * area * b + i64{c - first} * b + k % b;
        for (int i = 0; i < area; ++i) to[i64{i} * run * b] = static_cast<float>(factor * static_cast<double>(w[i]));
      }
}

}  // namespace ctnet::cpu
