// SPDX-License-Identifier: MIT
// CenterCrop<H, W>: pads with 0 where the image is smaller, as torchvision does. RandomCrop<H, W>{.padding = p}: a
// place drawn uniformly, after p rows and columns of 0 were added on each side; an image too small even then is an
// Error.
#pragma once

#include <algorithm>
#include <cmath>

#include "../../core/error.hpp"
#include "workspace.hpp"

namespace ctnet::data {

// Rows top .. top + h - 1, columns left .. left + w - 1; a part outside of the image reads as 0.
struct Region {
  int top = 0, left = 0, h = 0, w = 0;
  bool operator==(const Region&) const = default;
};

namespace functional {

template <class T>
void crop(const Pixels<T>& image, const Region& at, Pixels<T>& out) {
  out.resize(image.c, at.h, at.w);
  const int step = image.step();
  const int from = std::clamp(-at.left, 0, at.w), to = std::clamp(image.w - at.left, from, at.w);
  for (int plane = 0; plane < image.planes(); ++plane)
    for (int y = 0; y < at.h; ++y) {
      T* row = out.row(plane, y);
      const int source = at.top + y;
      if (source < 0 || source >= image.h || from == to) {
        std::fill(row, row + at.w * step, T{});
        continue;
      }
      const T* in = image.row(plane, source);
      std::fill(row, row + from * step, T{});
      std::copy(in + (at.left + from) * step, in + (at.left + to) * step, row + from * step);
      std::fill(row + to * step, row + at.w * step, T{});
    }
}

inline Region center(int image_h, int image_w, int h, int w) {
  // where it must pad, (crop - size) / 2 goes before; else the place is rounded to even, as Python's round does
  const auto place = [](int size, int crop) {
    return crop > size ? -((crop - size) / 2) : static_cast<int>(std::nearbyint((size - crop) / 2.0));
  };
  return {place(image_h, h), place(image_w, w), h, w};
}

}  // namespace functional

template <int H, int W = H>
struct CenterCrop {
  static_assert(H > 0 && W > 0, "CenterCrop needs a height and a width above 0");
  static constexpr Shape shape(Shape in) { return {in.c(), H, W}; }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random&) const {
    functional::crop(image, functional::center(image.h, image.w, H, W), workspace.spare<T>());
    std::swap(image, workspace.spare<T>());
  }
};

template <int H, int W = H>
struct RandomCrop {
  static_assert(H > 0 && W > 0, "RandomCrop needs a height and a width above 0");
  int padding = 0;

  void check() const {
    if (padding < 0 || padding > (1 << 24)) fail("RandomCrop: padding is ", padding, ", expected 0 to ", 1 << 24);
  }
  static constexpr Shape shape(Shape in) { return {in.c(), H, W}; }
  Region draw(int h, int w, Random& random) const {
    check();
    const i64 rows = h + 2LL * padding - H, columns = w + 2LL * padding - W;
    if (rows < 0 || columns < 0)
      fail("RandomCrop of ", H, " x ", W, " from an image of ", h, " x ", w, " with padding ", padding);
    const auto up_to = [&](i64 n) { return static_cast<int>(random.below(static_cast<unsigned>(n) + 1)); };
    const int top = up_to(rows) - padding;
    return {top, up_to(columns) - padding, H, W};
  }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random& random) const {
    functional::crop(image, draw(image.h, image.w, random), workspace.spare<T>());
    std::swap(image, workspace.spare<T>());
  }
};

}  // namespace ctnet::data
