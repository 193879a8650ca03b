// SPDX-License-Identifier: MIT
// How one image's activations lie in memory on the CPU: planar (rows of pixels, channel by channel) or blocked (16
// channels of a pixel side by side, so that a vector holds channels), with a border of zeros as wide as its readers
// want.
#pragma once

#include "../../core/shape.hpp"

namespace ctnet::cpu {

inline constexpr int channel_block = 16;  // on every target, so that packed weights fit them all

// Element (c, y, x) is at  (c / block) * plane() + (y + pad_h) * row() + (x + pad_w) * block + c % block.  Channels are
// filled up with zeros to whole blocks. Features (F) are c = F, h = w = 1.
struct Layout {
  int c = 0, h = 0, w = 0;
  int block = 1;  // 1: planar, 16: blocked
  int pad_h = 0, pad_w = 0;

  constexpr bool operator==(const Layout&) const = default;
  constexpr int blocks() const { return (c + block - 1) / block; }
  constexpr i64 row() const { return i64{w + 2 * pad_w} * block; }
  constexpr i64 plane() const { return i64{h + 2 * pad_h} * row(); }
  constexpr i64 size() const { return blocks() * plane(); }
  constexpr i64 at(int c_, int y, int x_) const {
    return c_ / block * plane() + (y + pad_h) * row() + i64{x_ + pad_w} * block + c_ % block;
  }
};

}  // namespace ctnet::cpu
