// SPDX-License-Identifier: MIT
// Convolutions of deployed networks in bfloat16 (bf16.hpp), direct: bands of rows of the input are rounded into
// scratch, [group][C / 32][y][x][32], and meet weights rounded once. Maps stay fp32, sums are fp32. The error of a
// layer, of its largest |y| (or largest sum, where the bias cancels that), stays below
//   bfloat16   1e-2   either factor is off by 2^-8 of itself at most, so y by 2^-7 of the sum of |x w| at worst; signs
//                     differ, so it is nearer to 2^-7 / sqrt(n) of that: 2e-3 to 3e-3 measured
//   split      5e-5   low * low is left out, 2^-16 of a product at most, and so is what two parts do not hold: 4e-6
//                     measured
//   constexpr Bf16Plan plan = plan_bf16(op, in, out, epilogue, split);
//   pack_bf16(plan, weight, scale, packed);
//   CTNET_PICK(run_conv_bf16<plan.split>)(plan, ConvRun{...});
// In tiles an infinity may give NaN in outputs whose window it is just outside of, as it meets weights of zero there.
#pragma once

#include "../../backends/cpu/bf16.hpp"
#include "../../backends/cpu/bfloat16.hpp"
#include "deploy.hpp"

namespace ctnet::cpu {

struct CTNET_BY_TARGETS Bf16Plan {
  ConvOp op{};
  Layout in{}, out{};
  Epilogue epilogue{};
  bool split = false;
  bool valid = false;
  int band = 0;  // rows of the output

  // Channels of a pixel that lie together. Few of them: then a row of the window is one run of taps.
  constexpr int depth() const {
    const int c = op.group_c();
    return c > 16 ? 32 : in.block == channel_block ? 16 : (c + 1) / 2 * 2;
  }
  constexpr bool merged() const { return depth() < 32 && op.dilation_w == 1; }
  constexpr int chunks() const { return (op.group_c() + 31) / 32; }  // of a group of channels
  constexpr int taps() const { return merged() ? 1 : op.s; }
  constexpr int steps() const { return merged() ? op.s * depth() : depth(); }  // numbers of a tap
  constexpr int pieces() const { return (steps() + 31) / 32; }                 // of 32, the last filled up
  constexpr int width() const { return op.w + 2 * op.pad_w; }
  constexpr int in_rows(int rows) const { return (rows - 1) * op.stride_h + (op.r - 1) * op.dilation_h + 1; }
  constexpr i64 plane() const { return i64{in_rows(band)} * width() * depth(); }
  // Beyond the last plane tiles read 15 pixels and 32 numbers.
  constexpr i64 map_size() const {
    return (op.groups * chunks() * plane() + i64{15} * op.stride_w * depth() + 63) / 32 * 32;
  }
  constexpr int bands() const { return (op.p + band - 1) / band; }
  constexpr int pairs_of_blocks() const { return (op.groups > 1 ? op.group_k() / 16 + 1 : out.blocks() + 1) / 2; }
};

// Not valid where the fp32 kernels do not fit either, and for depthwise convolutions, which gain nothing.
constexpr Bf16Plan plan_bf16(const ConvOp& op, Layout in, Layout out, Epilogue epilogue, bool split) {
  Bf16Plan p{.op = op, .in = in, .out = out, .epilogue = epilogue, .split = split};
  if (out.block != channel_block || in.pad_h < op.pad_h || in.pad_w < op.pad_w) return p;
  if (op.groups > 1 && (op.groups == op.c || op.group_k() % channel_block != 0 ||
                        (in.block == channel_block && op.group_c() % channel_block != 0)))
    return p;
  // A band of the input takes a part of L2.
  const i64 row = i64{p.width()} * p.depth() * p.chunks() * op.groups * (split ? 4 : 2);
  const i64 fit = (i64{128} * 1024 / row - (op.r - 1) * op.dilation_h - 1) / op.stride_h + 1;
  const int most = fit < 1 ? 1 : fit > op.p ? op.p : static_cast<int>(fit);
  const int bands = (op.p + most - 1) / most;
  p.band = (op.p + bands - 1) / bands;
  p.valid = true;
  return p;
}

// Floats (each a pair of bfloat16) of the packed weights:
//   [K / 16][C / groups / 32][R][tap][split: high, low][piece of 32][16 pairs][16 k][2]
constexpr i64 packed_size(const Bf16Plan& p) {
  return p.valid ? i64{p.out.blocks()} * p.chunks() * p.op.r * p.taps() * (p.split ? 2 : 1) * p.pieces() * 256 : 0;
}
// Floats of scratch that one thread needs.
constexpr i64 scratch_size(const Bf16Plan& p) { return p.valid ? p.map_size() / 2 * (p.split ? 2 : 1) : 0; }
// Independent pieces of one image's work. Neighbours share a band: give a thread a run of them.
constexpr int units(const Bf16Plan& p) { return p.valid ? p.bands() * p.op.groups * p.pairs_of_blocks() : 0; }

// Whether these kernels are faster than the fp32 ones, planned as `fp32`, measured: vdpbf16ps does twice the
// multiply-adds of fp32, which Winograd F(4 x 4, 3 x 3) saves and more; split takes three times as many, for tiles
// alone.
constexpr bool bf16_pays(const ConvPlan& fp32, bool split, Bf16Path path) {
  return path == Bf16Path::amx || (path == Bf16Path::avx512_bf16 && !split && fp32.method != ConvMethod::winograd4);
}

// weight (K, C / groups, R, S); scale (K) or null; packed has packed_size(p) floats.
inline void pack_bf16(const Bf16Plan& p, const float* weight, const float* scale, float* packed) noexcept {
  const ConvOp& o = p.op;
  const i64 tap = i64{p.pieces()} * 512, step = tap * (p.split ? 2 : 1);
  const i64 all = packed_size(p);
  for (i64 i = 0; i < all; ++i) packed[i] = 0;
  auto* const to = reinterpret_cast<unsigned char*>(packed);
  for (int k = 0; k < o.k; ++k)
    for (int c = 0; c < o.group_c(); ++c)
      for (int i = 0; i < o.r; ++i)
        for (int s = 0; s < o.s; ++s) {
          const float w = *weight++ * (scale ? scale[k] : 1.0f);
          const int e = c % 32 + (p.merged() ? s * p.depth() : 0);
          const i64 at = (((i64{k / 16} * p.chunks() + c / 32) * o.r + i) * p.taps() + (p.merged() ? 0 : s)) * step +
                         e / 2 * 32 + k % 16 * 2 + e % 2;
          const bfloat16 high{w}, low{w - static_cast<float>(high)};
          __builtin_memcpy(to + at * 2, &high, 2);
          if (p.split) __builtin_memcpy(to + (at + tap) * 2, &low, 2);
        }
}

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/layers/conv/deploy_bf16.inl"
#include "../../backends/cpu/foreach_target.hpp"
