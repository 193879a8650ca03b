// SPDX-License-Identifier: MIT
// How a deployed convolution will be computed: method, tile shapes, sizes of its packed weights and scratch. Constant
// expressions of the layer and the two layouts. A register tile is `pixels` x `blocks` of 16 output channels:
//   direct      pixels of one row of the output (1 x 1: of the whole map), each input value meets all its channels
//   winograd    F(M x M, 3 x 3), Lavin and Gray 2015: y = A'[ sum over c of (G w G') * (B' x B) ]A; per element of the
//               transformed tile a product of (tiles x C) and (C x K), `chunk` tiles at a time
//   depthwise   pixels of one row, lanes over channels
#pragma once

#include "../../backends/cpu/epilogue.hpp"
#include "../../backends/cpu/layout.hpp"
#include "op.hpp"

namespace ctnet::cpu {

enum class ConvMethod : int { direct, winograd2, winograd4, depthwise, none };

struct ConvPlan {
  ConvOp op{};
  Layout in{}, out{};
  Epilogue epilogue{};
  ConvMethod method = ConvMethod::none;
  int pixels = 0, blocks = 0;  // of a register tile; depthwise: blocks taps share what they load
  int chunk = 0;               // direct: register tiles that take their turns with one group of channels, then the next

  constexpr bool winograd() const { return method == ConvMethod::winograd2 || method == ConvMethod::winograd4; }
  // A 1 x 1 convolution whose maps have no borders at the sides sees one long row.
  constexpr bool flat() const {
    return op.r == 1 && op.s == 1 && op.stride_h == 1 && op.stride_w == 1 && op.pad_h == 0 && op.pad_w == 0 &&
           in.pad_w == 0 && out.pad_w == 0;
  }
  constexpr int rows() const { return flat() ? 1 : op.p; }
  constexpr int columns() const { return flat() ? op.p * op.q : op.q; }
  constexpr int across() const { return (columns() + pixels - 1) / pixels; }        // register tiles of a row
  constexpr int output() const { return method == ConvMethod::winograd4 ? 4 : 2; }  // M of F(M x M, 3 x 3)
  constexpr int edge() const { return output() + 2; }
  constexpr int tiles_h() const { return (op.p + output() - 1) / output(); }
  constexpr int tiles_w() const { return (op.q + output() - 1) / output(); }
  constexpr int tiles() const { return winograd() ? tiles_h() * tiles_w() : rows() * across(); }
  constexpr int chunks() const { return (tiles() + chunk - 1) / chunk; }
  constexpr int groups_of_blocks() const { return out.blocks() / blocks; }
};

namespace detail {

constexpr int ceil_div(int a, int b) { return (a + b - 1) / b; }

// The register tile for rows of `columns` pixels: at most 28 sums. A row's last tile overlaps the one before it, so all
// have one width.
constexpr void choose_tile(ConvPlan& p, int columns, int k_blocks) {
  i64 best = 0;
  constexpr int sizes[] = {2, 4, 3, 1};
  for (const int blocks : sizes) {
    if (k_blocks % blocks != 0) continue;
    const int most = 28 / blocks < columns ? 28 / blocks : columns;
    const int across = ceil_div(columns, most), pixels = ceil_div(columns, across);
    // per 16 output channels and input value: a sum takes one step, loads beyond one in two steps wait
    const int steps = pixels * blocks > pixels + blocks ? pixels * blocks : pixels + blocks;
    const i64 cost = i64{across} * (k_blocks / blocks) * (4 * steps + blocks);  // weights come from L2
    if (best == 0 || cost < best) best = cost, p.pixels = pixels, p.blocks = blocks;
  }
}

// Cycles of one core, about (Zen 4, 3.3 GHz, AVX-512): a multiply-add of 16 lanes takes one, a tile's transform of 16
// channels 150 (M = 4) or 50 (M = 2); packed weights come from L3 at 16 bytes a cycle, or from memory at 7 where they
// are so many that the network around them will have pushed them out (512 channels at 4 x 4 so: 700 us / 810 / -).
// Where few tiles share Winograd's many weights it loses. Measured in a loop, in us, direct / winograd2 / winograd4:
//   64 channels at 56: 2094 / 1193 / 677    16 at 32: 41 / 36 / 20    128 at 8: 150 / 84 / 49
//   256 at 14: 2008 / 1343 / 974            64 at 8: 38 / 23 / 13     128 at 4: 35 / 21 / 30
//   512 at 7: 2170 / 1699 / 1768            8-16 at 8: 1.3 / 1.6 / 1.1
constexpr i64 conv_cycles(const ConvPlan& p) {
  const i64 k_blocks = p.out.blocks(), taps = p.op.taps();
  i64 sums = i64{p.tiles()} * p.pixels * taps * k_blocks, packed = taps * k_blocks * channel_block;
  if (p.winograd()) {
    const i64 elements = i64{p.edge()} * p.edge(), transform = p.output() == 4 ? 150 : 50;
    sums = elements * p.tiles() * p.op.c * k_blocks + p.tiles() * (p.in.blocks() + k_blocks) * transform;
    packed = elements * p.op.c * k_blocks * channel_block;
  }
  const i64 bytes = packed * 4, stream = bytes / (bytes <= 4 * 1024 * 1024 ? 16 : 7);
  return sums > stream ? sums : stream;
}

constexpr ConvPlan plan_direct(ConvPlan p) {
  p.method = ConvMethod::direct;
  choose_tile(p, p.columns(), p.op.groups > 1 ? p.op.group_k() / channel_block : p.out.blocks());
  const i64 input = i64{p.pixels} * p.op.stride_h * p.op.stride_w * p.op.group_c() * 4;
  const i64 fit = 128 * 1024 / input;
  p.chunk = static_cast<int>(fit < 1 ? 1 : fit > p.tiles() ? p.tiles() : fit);
  return p;
}

constexpr ConvPlan plan_winograd(ConvPlan p, ConvMethod method) {
  p.method = method;
  // The transformed input of a chunk takes half of L2.
  const i64 fit = 512 * 1024 / (i64{p.edge()} * p.edge() * p.op.c * 4);
  const int most = fit < 16 ? 16 : fit > 28 ? 28 : static_cast<int>(fit);
  p.chunk = ceil_div(p.tiles(), ceil_div(p.tiles(), most));
  choose_tile(p, p.chunk, p.out.blocks());
  return p;
}

constexpr ConvPlan plan_depthwise(ConvPlan p) {
  p.method = ConvMethod::depthwise;
  p.pixels = ceil_div(p.op.q, ceil_div(p.op.q, 14));
  p.blocks = (p.op.s == 3 || p.op.s == 5) && p.op.dilation_w == 1 ? p.op.s : 1;
  p.chunk = 1;
  return p;
}

}  // namespace detail

// The method and its tiles for one layer; ConvMethod::none where there is no kernel for it here. `out` has to be
// blocked, `in` blocked or planar with a border of the padding or more. exact: no winograd4, whose error is about
// twice that of the plain sum.
constexpr ConvPlan plan_conv(const ConvOp& op, Layout in, Layout out, Epilogue epilogue, bool exact) {
  const ConvPlan none{.op = op, .in = in, .out = out, .epilogue = epilogue};
  const bool blocked = in.block == channel_block;
  if (out.block != channel_block || in.pad_h < op.pad_h || in.pad_w < op.pad_w) return none;
  if (op.groups > 1 && op.groups == op.c && op.groups == op.k) return blocked ? detail::plan_depthwise(none) : none;
  if (op.groups > 1 && (op.group_k() % channel_block != 0 || (blocked && op.group_c() % channel_block != 0)))
    return none;
  ConvPlan best = detail::plan_direct(none);
  if (op.r == 3 && op.s == 3 && op.stride_h == 1 && op.stride_w == 1 && op.dilation_h == 1 && op.dilation_w == 1 &&
      op.groups == 1 && blocked)
    for (int i = 0; i < 2; ++i) {
      const ConvMethod method = i == 0 ? ConvMethod::winograd2 : ConvMethod::winograd4;
      if (exact && method == ConvMethod::winograd4) continue;
      const ConvPlan p = detail::plan_winograd(none, method);
      if (detail::conv_cycles(p) < detail::conv_cycles(best)) best = p;
    }
  return best;
}

// Floats of the packed weights:
//   direct, blocked input   [K / 16][C / groups / 16][R][S][16 (the last block: what there is)][16 k]
//   direct, planar input    [K / 16][C / groups][R][S][16 k]
//   winograd                [K / 16][element of the transformed tile][C][16 k]
//   depthwise               [K / 16][R][S][16 k]
constexpr i64 packed_size(const ConvPlan& p) {
  const i64 k = i64{p.out.blocks()} * channel_block;
  if (p.method == ConvMethod::none) return 0;
  if (p.method == ConvMethod::depthwise) return k * p.op.r * p.op.s;
  if (p.winograd()) return k * p.edge() * p.edge() * p.op.c;
  return k * p.op.taps();
}

// Between two elements of the transformed tile, of the input (V) and of the products (M). The odd 16 keeps them from
// meeting in one set of the cache.
constexpr i64 winograd_v_step(const ConvPlan& p) {
  return i64{p.in.blocks()} * p.chunk * channel_block + channel_block;
}
constexpr i64 winograd_m_step(const ConvPlan& p) { return i64{p.blocks} * p.chunk * channel_block + channel_block; }

// Floats of scratch that one thread needs.
constexpr i64 scratch_size(const ConvPlan& p) {
  return p.winograd() ? p.edge() * p.edge() * (winograd_v_step(p) + winograd_m_step(p)) : 0;
}

// Independent pieces of one image's work, of about the same size. Neighbours share input: give a thread a run of them.
constexpr int units(const ConvPlan& p) {
  return p.method == ConvMethod::none        ? 0
         : p.method == ConvMethod::depthwise ? p.out.blocks() * p.op.p
         : p.winograd()                      ? p.chunks() * p.groups_of_blocks()
                                             : p.tiles() * p.groups_of_blocks();
}

// Floats between neighbours of a register tile in the input.
constexpr int conv_step(const ConvPlan& p) { return p.winograd() ? channel_block : p.op.stride_w * p.in.block; }

// What selects a template instance: method, pixels, blocks, step.
constexpr int conv_variant(const ConvPlan& p) {
  return static_cast<int>(p.method) | p.pixels << 3 | p.blocks << 8 | conv_step(p) << 11;
}
template <int V>
struct ConvVariant {
  static constexpr ConvMethod method = static_cast<ConvMethod>(V & 7);
  static constexpr int pixels = V >> 3 & 31, blocks = V >> 8 & 7, step = V >> 11;
};

}  // namespace ctnet::cpu
