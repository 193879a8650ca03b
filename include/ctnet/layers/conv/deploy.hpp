// SPDX-License-Identifier: MIT
// Convolutions of deployed networks on the CPU: planned (deploy_plan.hpp), their weights packed once (deploy_pack.hpp),
// then run by units on blocked maps. No allocation, no exceptions; nothing outside of the maps is read or written.
//   constexpr ConvPlan plan = plan_conv(op, in, out, epilogue, exact);
//   pack_conv(plan, weight, scale, packed);
//   zero_border(out, y);  CTNET_PICK(run_conv<conv_variant(plan)>)(plan, ConvRun{...});
#pragma once

#include "deploy_pack.hpp"
#include "deploy_plan.hpp"

namespace ctnet::cpu {

// Maps as the plan's layouts say; `in` with zeros in its border and in the channels past C. The interior of out is
// written, zeros in the channels past K. add has out's layout and may be out.
struct ConvRun {
  const float* in;
  float* out;
  const float* packed;  // pack_conv's
  const float* bias;    // K rounded up to 16
  const float* add;     // or null
  float* scratch;       // scratch_size(plan), of this thread
  int first_unit, last_unit;
};

// One register tile (deploy_tile.inl).
struct ConvTile {
  const float *in, *weight;
  float* out;
  i64 in_block, in_row, in_tap;  // floats to the next of each
  i64 weight_block, out_block;   // to the next 16 output channels
  int blocks, rows, taps, steps, last_steps;
  int above, below;  // rows of weights to leave out
};

// Writes the zeros around a map.
inline void zero_border(const Layout& l, float* map) noexcept {
  const i64 row = l.row(), side = i64{l.pad_w} * l.block, edge = l.pad_h * row;
  if (row == 0 || (edge == 0 && side == 0)) return;
  const auto zero = [](float* p, i64 n) { __builtin_memset(p, 0, static_cast<unsigned long>(n) * sizeof(float)); };
  for (int b = 0; b < l.blocks(); ++b) {
    zero(map, edge + side);
    map += edge + side;
    for (int y = 1; y < l.h; ++y) {  // a row's right border and the next one's left lie together
      map += row - 2 * side;
      if (side) zero(map, 2 * side);
      map += 2 * side;
    }
    map += row - 2 * side;
    zero(map, edge + side);
    map += edge + side;
  }
}

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_tile.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_direct.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_winograd.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_run.inl"
#include "../../backends/cpu/foreach_target.hpp"
