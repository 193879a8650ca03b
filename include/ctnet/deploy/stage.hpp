// SPDX-License-Identifier: MIT
// A deployed network as plain data: stages over numbered maps, each map with its layout and its place in the arena.
#pragma once

#include "../layers/conv/deploy.hpp"
#include "../layers/conv/deploy_bf16.hpp"
#include "../layers/conv/deploy_rows.hpp"
#include "../layers/linear/deploy.hpp"
#include "../layers/linear/deploy_bf16.hpp"
#include "../program/plan.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet::deployment {

// strict: fp32, Winograd where the error stays below 2e-5 of the largest result of a layer; exact: no F(4x4, 3x3);
// split_bf16 (5e-5) and bf16 (1e-2) where the CPU makes them pay, strict elsewhere.
enum class Precision : unsigned char { strict, exact, split_bf16, bf16 };

enum class Kind : unsigned char {
  plain,  // the layer's own kernel, on dense planar maps
  conv,
  rows,
  linear,
  affine,
  activation,
  max_pool,
  mean_pool,
  adaptive_pool,
  add,
  concat,
  reorder,
};

struct CTNET_BY_TARGETS Stage {
  Kind kind = Kind::plain;
  int leaf = -1, norm = -1, pool = -1;  // layers: what it computes, and the BatchNorm and the pool taken into it
  int in[max_inputs] = {};              // maps
  int inputs = 0, out = -1;
  int add = -1;  // map added in the epilogue
  OpWords op{};
  cpu::Epilogue epilogue{};
  cpu::ConvPlan conv{};
  cpu::Bf16Plan bf16{};
  i64 weights = 0, weight_count = 0;  // floats, in the packed weights
  i64 scratch = 0;                    // floats
  int units = 1;                      // pieces that threads can share
};

struct Map {
  cpu::Layout layout{};
  i64 size = 0;        // elements, whole cache lines
  bool fixed = false;  // dense: it cannot get a border
  int maker = -1, last_user = -1;
  int root = -1;  // the map whose memory it uses
  i64 offset = 0;
};

// Map 0 is the input, in the caller's memory; the last stage writes the output, dense and planar, to the caller.
template <int N>
struct Program {
  static constexpr int most = 3 * N + 4;
  Stage stage[most]{};
  Map map[most + 1]{};
  int stages = 0, maps = 0;
  i64 weights = 0, scratch = 0, arena = 0;  // elements; the arena of one image
  int most_channels = 0;                    // of a folded normalization
};

// The plans of the kernels, from a stage and its maps' layouts.
constexpr cpu::RowsPlan rows_plan(const Stage& s, const Map* map) {
  return {unpack_op<ConvOp>(s.op), map[s.in[0]].layout, map[s.out].layout, s.epilogue, s.pool >= 0};
}
constexpr cpu::LinearPlan linear_plan(const Stage& s, const Map* map) {
  return {unpack_op<LinearOp>(s.op), map[s.in[0]].layout, s.epilogue};
}
constexpr cpu::ConvPlan conv_plan(const Stage& s, const Map* map, Precision p) {
  return cpu::plan_conv(unpack_op<ConvOp>(s.op), map[s.in[0]].layout, map[s.out].layout, s.epilogue,
                        p == Precision::exact);
}
// Invalid where the precision has no use for it.
constexpr cpu::Bf16Plan conv_bf16_plan(const Stage& s, const Map* map, Precision p) {
  if (p != Precision::bf16 && p != Precision::split_bf16) return {};
  return cpu::plan_bf16(unpack_op<ConvOp>(s.op), map[s.in[0]].layout, map[s.out].layout, s.epilogue,
                        p == Precision::split_bf16);
}
constexpr cpu::LinearBf16Plan linear_bf16_plan(const Stage& s, const Map* map, Precision p) {
  return {unpack_op<LinearOp>(s.op), map[s.in[0]].layout, s.epilogue, p == Precision::split_bf16};
}
// Floats of packed weights before the shifts of the outputs: of whichever kernel needs more.
constexpr i64 conv_weights(const cpu::ConvPlan& fp32, const cpu::Bf16Plan& bf16) {
  const i64 a = ctnet::detail::padded(cpu::packed_size(fp32)), b = bf16.valid ? cpu::packed_size(bf16) : 0;
  return a > b ? a : ctnet::detail::padded(b);
}
constexpr i64 linear_weights(const Stage& s, const Map* map, Precision p) {
  const i64 a = cpu::packed_size(linear_plan(s, map)), b = cpu::packed_size(linear_bf16_plan(s, map, p));
  return p == Precision::bf16 ? b : p == Precision::split_bf16 && b > a ? b : a;
}

// What this CPU computes with, asked when weights are packed and when they are used.
inline bool uses_bf16(const cpu::ConvPlan& fp32, const cpu::Bf16Plan& bf16) noexcept {
  return bf16.valid && cpu::bf16_pays(fp32, bf16.split, cpu::bf16_path());
}
CTNET_BY_TARGETS inline bool linear_uses_bf16(Precision p) noexcept {
  return p == Precision::bf16 || (p == Precision::split_bf16 && cpu::bf16_path() == cpu::Bf16Path::amx);
}

}  // namespace ctnet::deployment

#pragma GCC diagnostic pop
