// SPDX-License-Identifier: MIT
// Sums of products of bfloat16 numbers in fp32, for deployed networks: the inner part of convolutions and of Linear.
//   out(pixel, k) = act(bias(k) + sum over i of  in(pixel, i) w(i, k)  [+ add(pixel, k)])
// Numbers lie in pairs of two i, an int each; weights as [16 k] of such pairs, and all ways of computing read the same:
//   portable     the pair is taken apart with shifts and masks, two multiply-adds on every target
//   avx512_bf16  vdpbf16ps
//   amx          tdpbf16ps, 16 pixels x 32 i times 32 i x 16 k
// The last one is taken in programs of which a unit is built with -DCTNET_AMX, until it has been run on a machine that
// has it. Split: a float is taken as the sum of two bfloat16, and high * high + high * low + low * high is nearly a
// product of floats. Then infinities give NaN. The last two ways take denormals for zeros.
#pragma once

#include "../../core/shape.hpp"
#include "amx.hpp"
#include "epilogue.hpp"
#include "simd.hpp"

namespace ctnet::cpu {

enum class Bf16Path : int { portable, avx512_bf16, amx };

namespace detail {
inline constinit std::atomic<int> bf16{-1};

// Set before main, so that no function depends on the flag.
inline constinit bool amx_wanted = false;
#ifdef CTNET_AMX
inline const bool some_unit_wants_amx = amx_wanted = true;
#endif

CTNET_BY_TARGETS inline Bf16Path ask_bf16() {
#if CTNET_HAS_AVX512
  if (ask_cpu() == Target::avx512) {
    if (amx_wanted && may_use_tiles()) return Bf16Path::amx;
    if (cpuid(7, 0).a >= 1 && (cpuid(7, 1).a >> 5 & 1) != 0) return Bf16Path::avx512_bf16;
  }
#endif
  return Bf16Path::portable;
}
}  // namespace detail

// The way in use: the CPU and the kernel are asked once. Portable wherever target() is not avx512.
CTNET_BY_TARGETS inline Bf16Path bf16_path() noexcept {
  if (target() != Target::avx512) return Bf16Path::portable;
  int p = detail::bf16.load(std::memory_order_relaxed);
  if (p < 0) detail::bf16.store(p = static_cast<int>(detail::ask_bf16()), std::memory_order_relaxed);
  return static_cast<Bf16Path>(p);
}
// Uses at most `most` from now on (tests and measurements); what the machine lacks stays out.
CTNET_BY_TARGETS inline void limit_bf16_path(Bf16Path most) noexcept {
  const Bf16Path best = detail::ask_bf16();
  detail::bf16.store(static_cast<int>(most < best ? most : best), std::memory_order_relaxed);
}

// One such computation. Input and weights are counted in pairs, maps of the output in floats.
struct Bf16Job {
  const int *in, *weight;
  // i runs through blocks, rows and taps, each of `pairs` pairs (the last block: last_pairs). The weights of a tap are
  // filled up with zeros to `pieces` of 16 pairs, and so many pairs of the input may be read.
  int blocks, rows, taps, pairs, last_pairs, pieces;
  i64 in_block, in_row, in_tap;
  i64 weight_block;  // to the next 16 k
  i64 in_low;        // split: from the high parts to the low ones. Of the weights they follow, tap by tap.
  // pixels, height x width
  int height, width;
  i64 pixel_row, pixel_step, out_row, out_step;
  // outputs: k < exist, then zeros up to `outputs`, a multiple of 16
  int outputs, exist;
  i64 out_block;  // to the next 16 k
  float* out;
  const float *add, *bias;
  float slope;
  int keep;
};

// Some pixels of a job and some outputs, beginning with k.
struct Bf16Tile {
  const Bf16Job* job;
  int k, count;
  const int* in[16];
  i64 at[16];  // in out; in tiles -1 for what is no pixel
};

}  // namespace ctnet::cpu

#define CTNET_TARGET_FILE "ctnet/backends/cpu/bf16.inl"
#include "foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/backends/cpu/bf16_tiles.inl"
#include "foreach_target.hpp"
