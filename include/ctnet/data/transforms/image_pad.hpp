// SPDX-License-Identifier: MIT
// ImagePad<Left, Top, Right, Bottom>, ImagePad<Sides, TopBottom>, ImagePad<All>: torchvision's Pad (its name is that of
// an option of layers here). Around the image comes `fill`, or the image itself: its edge repeated, or mirrored with
// (symmetric) or without (reflect) the edge.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "../../core/error.hpp"
#include "../../core/finite.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

enum class PaddingMode { constant, edge, reflect, symmetric };

template <int Left, int Top = Left, int Right = Left, int Bottom = Top>
struct ImagePad {
  static_assert(Left >= 0 && Top >= 0 && Right >= 0 && Bottom >= 0, "ImagePad adds 0 or more rows and columns");
  Fill fill{};
  PaddingMode padding_mode = PaddingMode::constant;

  static constexpr Shape shape(Shape in) {
    return {in.c(), in.h() == any_size ? any_size : in.h() + Top + Bottom,
            in.w() == any_size ? any_size : in.w() + Left + Right};
  }
  void check() const {
    for (int k = 0; k < fill.count; ++k)
      if (!is_finite(fill.values[k])) fail("ImagePad: fill is ", fill.values[k], ", expected a finite number");
  }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random&) const {
    const int h = image.h, w = image.w;
    check();
    detail::check_channels("ImagePad", "fill", fill, image.c);
    if constexpr (Pixels<T>::interleaved) detail::check_fill("ImagePad", fill);
    const int apart = padding_mode == PaddingMode::reflect ? 1 : 0;
    if ((padding_mode == PaddingMode::reflect || padding_mode == PaddingMode::symmetric) &&
        (std::max(Top, Bottom) > h - apart || std::max(Left, Right) > w - apart))
      fail("ImagePad: an image of ", h, " x ", w, " is too small to be mirrored by ", Left, ", ", Top, ", ", Right,
           ", ", Bottom);
    Pixels<T>& out = workspace.spare<T>();
    out.resize(image.c, h + Top + Bottom, w + Left + Right);
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x) {
        const int sy = source(y - Top, h), sx = source(x - Left, w);
        for (int c = 0; c < image.c; ++c)
          out.at(c, y, x) = sy < 0 || sx < 0 ? static_cast<T>(fill.of(c)) : image.at(c, sy, sx);
      }
    std::swap(image, out);
  }

 private:
  // The row or column that stands there; -1: none.
  int source(int i, int n) const {
    if (i >= 0 && i < n) return i;
    switch (padding_mode) {
      case PaddingMode::edge:
        return i < 0 ? 0 : n - 1;
      case PaddingMode::reflect:
        return i < 0 ? -i : 2 * n - 2 - i;
      case PaddingMode::symmetric:
        return i < 0 ? -i - 1 : 2 * n - 1 - i;
      default:
        return -1;
    }
  }
};

}  // namespace ctnet::data
