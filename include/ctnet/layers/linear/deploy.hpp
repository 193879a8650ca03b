// SPDX-License-Identifier: MIT
// Linear in deployed networks: weights packed once, [K / width][rows][width], in the order in which the input lies in
// memory, so that a Flatten costs nothing.
#pragma once

#include "../../backends/cpu/epilogue.hpp"
#include "../../backends/cpu/layout.hpp"
#include "../../backends/cpu/simd.hpp"
#include "op.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/linear/deploy.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet::cpu {

struct LinearPlan {
  LinearOp op{};
  Layout in{};  // its borders and filled-up channels meet weights of zero
  Epilogue epilogue{};

  constexpr int outputs() const { return (op.out + 15) / 16 * 16; }
  constexpr int width() const { return outputs() < 64 ? outputs() : 64; }
};

constexpr i64 packed_size(const LinearPlan& p) { return p.in.size() * p.outputs(); }
constexpr int units(const LinearPlan& p) { return (p.outputs() + 63) / 64; }

// weight (O, I) as PyTorch has it; scale (O), or null.
inline void pack_linear(const LinearPlan& p, const float* weight, const float* scale, float* packed) noexcept {
  const Layout& in = p.in;
  const i64 rows = in.size();
  for (i64 i = 0; i < packed_size(p); ++i) packed[i] = 0;
  for (int o = 0; o < p.op.out; ++o) {
    const int block = o / p.width() * p.width();
    const int own = block + p.width() <= p.outputs() ? p.width() : p.outputs() - block;
    const float* row = weight + i64{o} * p.op.in;
    for (int c = 0; c < in.c; ++c)
      for (int y = 0; y < in.h; ++y)
        for (int x_ = 0; x_ < in.w; ++x_)
          packed[block * rows + in.at(c, y, x_) * own + (o - block)] = *row++ * (scale ? scale[o] : 1.0f);
  }
}

// `images` inputs x, x + x_step, ...; outputs 64 first .. 64 last - 1 of each. bias has outputs() numbers.
inline void run_linear(const LinearPlan& p, int images, const float* x_, i64 x_step, const float* packed,
                       const float* bias, float* y, i64 y_step, int first, int last) noexcept {
  CTNET_PICK(linear_columns)
  (images, static_cast<int>(p.in.size()), p.outputs(), p.width(), x_, x_step, packed, bias, y, y_step, p.epilogue,
   first, last);
}

}  // namespace ctnet::cpu
