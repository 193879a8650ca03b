// SPDX-License-Identifier: MIT
// RandomResizedCrop<H, W>: a part of the image with an area drawn from scale (of the whole) and a ratio width : height
// drawn log-uniformly from ratio, resized to (H, W). Ten tries, then the largest central part with an allowed ratio.
// Szegedy et al., "Going Deeper with Convolutions", 2015.
#pragma once

#include <cmath>

#include "crop.hpp"
#include "options.hpp"
#include "resize.hpp"

namespace ctnet::data {

template <int H, int W = H>
struct RandomResizedCrop {
  static_assert(H > 0 && W > 0, "RandomResizedCrop needs a height and a width above 0");
  Range scale{0.08, 1.0};
  Range ratio{3.0 / 4.0, 4.0 / 3.0};
  Interpolation interpolation = Interpolation::bilinear;
  bool antialias = true;

  static constexpr Shape shape(Shape in) { return {in.c(), H, W}; }

  void check() const {
    if (!(scale.low >= 0 && scale.low <= scale.high && scale.high < 1e6 && ratio.low > 0 && ratio.low <= ratio.high &&
          ratio.high < 1e6))
      fail("RandomResizedCrop: scale ", scale.low, " to ", scale.high, ", ratio ", ratio.low, " to ", ratio.high,
           ", expected 0 or more, above 0, and the low one first");
  }
  Region draw(int h, int w, Random& random) const {
    check();
    const auto whole = [](double v) { return static_cast<int>(std::nearbyint(v)); };
    const double area = static_cast<double>(h) * w, low = std::log(ratio.low), high = std::log(ratio.high);
    for (int tries = 0; tries < 10; ++tries) {
      const double target = area * random.uniform(scale.low, scale.high);
      const double r = std::exp(random.uniform(low, high));
      const int cw = whole(std::sqrt(target * r)), ch = whole(std::sqrt(target / r));
      if (cw < 1 || cw > w || ch < 1 || ch > h) continue;
      const int top = static_cast<int>(random.below(static_cast<unsigned>(h - ch) + 1));
      return {top, static_cast<int>(random.below(static_cast<unsigned>(w - cw) + 1)), ch, cw};
    }
    const double r = static_cast<double>(w) / h;
    const int ch = r < ratio.low ? whole(w / ratio.low) : h, cw = r > ratio.high ? whole(h * ratio.high) : w;
    return {(h - ch) / 2, (w - cw) / 2, ch, cw};
  }
  void operator()(Bitmap& image, Workspace& workspace, Random& random) const {
    functional::crop(image, draw(image.h, image.w, random), workspace.bytes);
    std::swap(image, workspace.bytes);
    functional::resize(image, H, W, workspace, interpolation, antialias);
  }
};

}  // namespace ctnet::data
