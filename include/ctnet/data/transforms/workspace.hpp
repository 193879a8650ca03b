// SPDX-License-Identifier: MIT
// What a worker lends to the transforms: buffers that keep their memory from one image to the next.
//
// A transform is an object with  operator()(Bitmap& | Planes& image, Workspace&, Random&) const , and, where it changes
// the size of the image, `static constexpr Shape shape(Shape in)`. Its magnitudes are run-time fields, and where they
// can make no sense it has `void check() const`, which throws. What it draws comes from the Random it is given and from
// nowhere else.
#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "../../core/random.hpp"
#include "../pixels.hpp"

namespace ctnet::data {

// Weights by which a row or column is scaled (transforms/resize.hpp).
struct ResampleTable {
  int in = 0, out = 0, taps = 0;
  std::vector<int> first, count, weights;
};

struct Workspace {
  Bitmap bytes, more_bytes;
  Planes floats;
  ResampleTable across, down;
  std::vector<float> weights, line;

  template <class T>
  Pixels<T>& spare() {
    if constexpr (Pixels<T>::interleaved)
      return bytes;
    else
      return floats;
  }
};

template <class T>
consteval Shape shape_after(Shape in) {
  if constexpr (requires { T::shape(in); })
    return T::shape(in);
  else
    return in;
}

template <class T, class Image>
concept TransformOf = requires(const T& transform, Image& image, Workspace& workspace, Random& random) {
  transform(image, workspace, random);
};

}  // namespace ctnet::data
