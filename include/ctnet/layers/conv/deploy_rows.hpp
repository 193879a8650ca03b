// SPDX-License-Identifier: MIT
// The deployed convolution of first layers: few output channels, wide rows, planar in and out, with the 2 x 2 max pool
// that often follows.
#pragma once

#include "../../backends/cpu/epilogue.hpp"
#include "../../backends/cpu/layout.hpp"
#include "../../backends/cpu/simd.hpp"
#include "op.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_rows.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet::cpu {

struct RowsPlan {
  ConvOp op{};
  Layout in{}, out{};
  Epilogue epilogue{};
  bool pool = false;

  // Channels of a tile: 6 x 4 vectors fill AVX-512's registers, 4 waste less where 6 do not divide.
  constexpr int group() const { return (op.k + 5) / 6 * 6 <= (op.k + 3) / 4 * 4 ? 6 : 4; }
  constexpr int outputs() const { return (op.k + group() - 1) / group() * group(); }
};

// Below 16 output channels a vector of channels is not full; rows must fill a vector of every target.
constexpr bool rows_fit(const ConvOp& o, const Layout& in) {
  return in.block == 1 && o.k < channel_block && o.stride_h == 1 && o.stride_w == 1 && o.groups == 1 && o.q >= 17 &&
         o.p >= 2;
}
constexpr i64 packed_size(const RowsPlan& p) { return i64{p.outputs()} * p.op.taps(); }
constexpr int units(const RowsPlan& p) { return p.pool ? p.op.p / 2 : (p.op.p + 1) / 2; }
constexpr int rows_variant(const RowsPlan& p) { return p.group() * 2 + p.pool; }

// weight (K, C, R, S), scale (K) or null
inline void pack_rows(const RowsPlan& p, const float* weight, const float* scale, float* packed) noexcept {
  const int g = p.group(), taps = p.op.taps();
  for (int k = 0; k < p.outputs(); ++k)
    for (int i = 0; i < taps; ++i)
      packed[k / g * g * taps + i * g + k % g] = k < p.op.k ? weight[k * taps + i] * (scale ? scale[k] : 1.0f) : 0.0f;
}

template <int Variant>
void run_rows(const RowsPlan& p, const float* x_, const float* packed, const float* bias, float* y, int first,
              int last) noexcept {
  CTNET_PICK(conv_rows<Variant / 2, Variant % 2 != 0>)
  (p.op, p.in, p.out, p.epilogue, x_, y, packed, bias, first, last);
}

}  // namespace ctnet::cpu
