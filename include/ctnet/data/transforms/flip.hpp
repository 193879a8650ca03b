// SPDX-License-Identifier: MIT
// RandomHorizontalFlip and RandomVerticalFlip: each image is mirrored with probability p.
#pragma once

#include <algorithm>

#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

template <class T>
void hflip(Pixels<T>& image) {
  const int step = image.step();
  for (int plane = 0; plane < image.planes(); ++plane)
    for (int y = 0; y < image.h; ++y) {
      T *left = image.row(plane, y), *right = left + (image.w - 1) * step;
      for (; left < right; left += step, right -= step) std::swap_ranges(left, left + step, right);
    }
}

template <class T>
void vflip(Pixels<T>& image) {
  const int width = image.w * image.step();
  for (int plane = 0; plane < image.planes(); ++plane)
    for (int top = 0, bottom = image.h - 1; top < bottom; ++top, --bottom)
      std::swap_ranges(image.row(plane, top), image.row(plane, top) + width, image.row(plane, bottom));
}

}  // namespace functional

struct RandomHorizontalFlip {
  double p = 0.5;
  void check() const { detail::check_probability("RandomHorizontalFlip", p); }
  template <class T>
  void operator()(Pixels<T>& image, Workspace&, Random& random) const {
    check();
    if (random.chance(p)) functional::hflip(image);
  }
};

struct RandomVerticalFlip {
  double p = 0.5;
  void check() const { detail::check_probability("RandomVerticalFlip", p); }
  template <class T>
  void operator()(Pixels<T>& image, Workspace&, Random& random) const {
    check();
    if (random.chance(p)) functional::vflip(image);
  }
};

}  // namespace ctnet::data
