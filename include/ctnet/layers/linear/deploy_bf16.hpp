// SPDX-License-Identifier: MIT
// Linear of deployed networks in bfloat16 (bf16.hpp): weights rounded and packed once, in the order in which the input
// lies in memory; a few images at a time are rounded into scratch. Error bounds as of convolutions
// (layers/conv/deploy_bf16.hpp): 1e-2 of the largest |y| in bfloat16, 5e-5 split.
#pragma once

#include "../../backends/cpu/bf16.hpp"
#include "../../backends/cpu/bfloat16.hpp"
#include "../../backends/cpu/layout.hpp"
#include "op.hpp"

namespace ctnet::cpu {

struct LinearBf16Plan {
  LinearOp op{};
  Layout in{};  // its borders and filled-up channels meet weights of zero
  Epilogue epilogue{};
  bool split = false;

  constexpr int images() const { return in.size() > 4096 ? 16 : 32; }  // at a time, at most
  constexpr int pieces() const { return static_cast<int>((in.size() + 31) / 32); }
  // Numbers of an image in scratch: an odd number of cache lines, or the images of a tile would meet in one set.
  constexpr i64 row() const { return i64{pieces() | 1} * 32; }
  constexpr int outputs() const { return (op.out + 15) / 16 * 16; }
};

// Floats (each a pair of bfloat16):  [O / 16][split: high, low][piece of 32 inputs][16 pairs][16 o][2]
constexpr i64 packed_size(const LinearBf16Plan& p) {
  return i64{p.outputs() / 16} * p.pieces() * 256 * (p.split ? 2 : 1);
}
// Floats of scratch that one thread needs.
constexpr i64 scratch_size(const LinearBf16Plan& p) { return p.images() * p.row() / 2 * (p.split ? 2 : 1); }
constexpr int units(const LinearBf16Plan& p) { return (p.outputs() + 63) / 64; }

// weight (O, I) as PyTorch has it; scale (O), or null.
inline void pack_linear_bf16(const LinearBf16Plan& p, const float* weight, const float* scale, float* packed) noexcept {
  const Layout& in = p.in;
  const i64 part = i64{p.pieces()} * 512, all = packed_size(p);
  for (i64 i = 0; i < all; ++i) packed[i] = 0;
  auto* const to = reinterpret_cast<unsigned char*>(packed);
  for (int o = 0; o < p.op.out; ++o) {
    const float* row = weight + i64{o} * p.op.in;
    for (int c = 0; c < in.c; ++c)
      for (int y = 0; y < in.h; ++y)
        for (int x = 0; x < in.w; ++x) {
          const float w = *row++ * (scale ? scale[o] : 1.0f);
          const i64 i = in.at(c, y, x), at = o / 16 * (p.split ? 2 : 1) * part + i / 2 * 32 + o % 16 * 2 + i % 2;
          const bfloat16 high{w}, low{w - static_cast<float>(high)};
          __builtin_memcpy(to + at * 2, &high, 2);
          if (p.split) __builtin_memcpy(to + (at + part) * 2, &low, 2);
        }
  }
}

// `images` inputs in, in + in_step, ...; outputs 64 first .. 64 last - 1 of each. bias has outputs() numbers, out as
// many for each image.
struct LinearBf16Run {
  int images;
  const float* in;
  i64 in_step;
  const float *packed, *bias;
  float* out;
  i64 out_step;
  float* scratch;
  int first, last;
};

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/layers/linear/deploy_bf16.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet::cpu {

template <bool Split>
void run_linear_bf16(const LinearBf16Plan& p, const LinearBf16Run& run) noexcept {
  CTNET_PICK(linear_bf16<Split>)(p, run);
}

}  // namespace ctnet::cpu
