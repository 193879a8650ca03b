// SPDX-License-Identifier: MIT
// RandomRotation: about the centre, by an angle uniform in -degrees .. degrees (or in {low, high}), counter-clockwise;
// what comes from outside is `fill`. RandomRotationExpand is torchvision's with expand=True: the picture grows until
// all of it is seen, so that height and width are open in its shape and a crop or Resize must follow. In PIL's
// arithmetic, so that torchvision's pixels come out.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "affine.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

// out = image rotated by `degrees` counter-clockwise, as large as the image or (expand) as needed; out is another
// image.
inline void rotate(const Bitmap& image, double degrees, Bitmap& out,
                   Interpolation interpolation = Interpolation::nearest, bool expand = false, const Fill& fill_ = {}) {
  const int w = image.w, h = image.h, c = image.c;
  const double turn = degrees - 360.0 * std::floor(degrees / 360.0);
  // Quarter turns map pixels to pixels; the general path could be one off through rounding at .5.
  const bool half = turn == 0.0 || turn == 180.0;
  if (half || ((turn == 90.0 || turn == 270.0) && (expand || w == h))) {
    out.resize(c, half ? h : w, half ? w : h);
    const unsigned char* in = image.data();
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x, in += c) {
        const int ty = turn == 0.0 ? y : turn == 180.0 ? h - 1 - y : turn == 90.0 ? w - 1 - x : x;
        const int tx = turn == 0.0 ? x : turn == 180.0 ? w - 1 - x : turn == 90.0 ? y : h - 1 - y;
        for (int k = 0; k < c; ++k) out.at(k, ty, tx) = in[k];
      }
    return;
  }
  const auto round15 = [](double v) { return std::nearbyint(v * 1e15) * 1e-15; };
  const double cosine = round15(std::cos(radians(-turn))), sine = round15(std::sin(radians(-turn)));
  // source = A (x, y) + b, with A = (cos sin; -sin cos) and the centre fixed
  const double cx = w / 2.0, cy = h / 2.0;
  AffineMap m{cosine, sine, cosine * -cx + sine * -cy + cx, -sine, cosine, -sine * -cx + cosine * -cy + cy};
  int out_h = h, out_w = w;
  if (expand) {  // the box around the four corners
    const auto at_x = [&](double x, double y) { return m[0] * x + m[1] * y + m[2]; };
    const auto at_y = [&](double x, double y) { return m[3] * x + m[4] * y + m[5]; };
    const auto [left, right] = std::minmax({at_x(0, 0), at_x(w, 0), at_x(w, h), at_x(0, h)});
    const auto [top, bottom] = std::minmax({at_y(0, 0), at_y(w, 0), at_y(w, h), at_y(0, h)});
    out_w = static_cast<int>(std::ceil(right) - std::floor(left));
    out_h = static_cast<int>(std::ceil(bottom) - std::floor(top));
    const double dx = -(out_w - w) / 2.0, dy = -(out_h - h) / 2.0;
    const double bx = at_x(dx, dy), by = at_y(dx, dy);
    m[2] = bx, m[5] = by;
  }
  warp(image, m, out_h, out_w, interpolation, fill_, out);
}

}  // namespace functional

struct RandomRotation {
  Degrees degrees = 0;
  Interpolation interpolation = Interpolation::nearest;
  Fill fill{};  // 0 .. 255

  void check() const {
    detail::check_degrees("RandomRotation", "degrees", degrees, 360);
    detail::check_fill("RandomRotation", fill);
  }
  void operator()(Bitmap& image, Workspace& workspace, Random& random) const {
    check();
    detail::check_channels("RandomRotation", "fill", fill, image.c);
    functional::rotate(image, random.uniform(degrees.low, degrees.high), workspace.bytes, interpolation, false, fill);
    std::swap(image, workspace.bytes);
  }
};

struct RandomRotationExpand {
  Degrees degrees = 0;
  Interpolation interpolation = Interpolation::nearest;
  Fill fill{};  // 0 .. 255

  static constexpr Shape shape(Shape in) { return {in.c(), any_size, any_size}; }
  void check() const {
    detail::check_degrees("RandomRotationExpand", "degrees", degrees, 360);
    detail::check_fill("RandomRotationExpand", fill);
  }
  void operator()(Bitmap& image, Workspace& workspace, Random& random) const {
    check();
    detail::check_channels("RandomRotationExpand", "fill", fill, image.c);
    functional::rotate(image, random.uniform(degrees.low, degrees.high), workspace.bytes, interpolation, true, fill);
    std::swap(image, workspace.bytes);
  }
};

}  // namespace ctnet::data
