// SPDX-License-Identifier: MIT
// The matrix instructions. Lane l has g = l / 4 and t = l % 4 (PTX ISA, matrix fragments):
//   d (16, 8):  d0, d1 in row g, d2, d3 in row g + 8; columns 2t and 2t + 1
//   tf32, a (16, 8): a0 (g, t), a1 (g + 8, t), a2 (g, t + 4), a3 (g + 8, t + 4); b (8, 8): b0 (t, g), b1 (t + 4, g)
//   bf16, a (16, 16): a0 (g, 2t), a1 (g + 8, 2t), a2 (g, 2t + 8), a3 (g + 8, 2t + 8); b (16, 8): b0 (2t, g), b1 (2t +
//   8, g), each a pair along the inner dimension, the first in the lower half.
#include <bit>
#include <cmath>
#include <cstring>

#include "emulation.hpp"
#include "scheduler.hpp"

namespace ctnet_device {
namespace {

float tf32_value(unsigned bits) { return std::bit_cast<float>(bits & ~0x1FFFu); }
float bf16_value(unsigned pair, int i) { return std::bit_cast<float>((i ? pair >> 16 : pair & 0xFFFFu) << 16); }

float cut(double v) {
  const float f = static_cast<float>(v);
  const bool farther = std::isfinite(v) && std::fabs(static_cast<double>(f)) > std::fabs(v);
  return farther ? std::bit_cast<float>(std::bit_cast<unsigned>(f) - 1) : f;
}

// What one register of each lane holds is `depth` values, by value(register, i).
template <int depth, class Value>
void multiply(const unsigned (&registers)[32][6], double (&product)[16][8], Value value) {
  double a[16][8 * depth], b[8 * depth][8];
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned half = 0; half < 2; ++half)
      for (int i = 0; i < depth; ++i) {
        const unsigned g = lane / 4, k = half * 4 * depth + lane % 4 * depth + static_cast<unsigned>(i);
        a[g][k] = double{value(registers[lane][2 * half], i)};
        a[g + 8][k] = double{value(registers[lane][2 * half + 1], i)};
        b[k][g] = double{value(registers[lane][4 + half], i)};
      }
  for (unsigned row = 0; row < 16; ++row) {
    double sum[8]{};
    for (unsigned k = 0; k < 8 * depth; ++k)
      for (unsigned column = 0; column < 8; ++column) sum[column] += a[row][k] * b[k][column];
    std::memcpy(product[row], sum, sizeof sum);
  }
}

// The lane that comes last multiplies for all.
template <int depth, class Value>
void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const char* name, Value value) {
  const Thread& self = *running.thread;
  Warp& warp = self.block->warps[self.id / 32];
  const unsigned turn = warp.phase % 2, lane = self.id % 32;
  std::memcpy(warp.values[turn][lane], a, sizeof a);
  std::memcpy(warp.values[turn][lane] + 4, b, sizeof b);
  if (warp.size != 32) stop("%s in a warp of %u threads", name, warp.size);
  if (warp.arrived == 31) multiply<depth>(warp.values[turn], warp.product[turn], value);
  wait_warp(name);
  for (unsigned i = 0; i < 4; ++i)
    d[i] = cut(static_cast<double>(d[i]) + warp.product[turn][lane / 4 + i / 2 * 8][2 * (lane % 4) + i % 2]);
}

}  // namespace

void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  mma<1>(d, a, b, "mma_tf32", [](unsigned bits, int) { return tf32_value(bits); });
}

void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  mma<2>(d, a, b, "mma_bf16", bf16_value);
}

unsigned to_tf32(float v) {
  if (std::isnan(v)) return 0x7FFFFFFFu;
  return (std::bit_cast<unsigned>(v) + 0x1000u) & ~0x1FFFu;
}

unsigned pack_bf16(float low, float high) {
  const auto round = [](float v) -> unsigned {
    if (std::isnan(v)) return 0x7FFFu;
    const unsigned bits = std::bit_cast<unsigned>(v);
    return (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
  };
  return round(high) << 16 | round(low);
}

}  // namespace ctnet_device
