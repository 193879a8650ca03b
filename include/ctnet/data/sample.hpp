// SPDX-License-Identifier: MIT
// What a data set is, and what it gives: a picture, its label, and boxes and a mask where it has them.
// A data set is any type with `static constexpr Shape shape` (height and width may be `any`), size(), label(i) and
// read(i, sample). It may say `static constexpr Stage stage` (bytes without it), classes() and name(i).
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

#include "pixels.hpp"

namespace ctnet::data {

enum class Split { train, test };

// Pixels from left, top up to but without right, bottom.
struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;
  int label = 0;
  bool operator==(const Box&) const = default;
};

struct Sample {
  Bitmap image;   // Stage::bytes
  Planes tensor;  // Stage::floats; a Compose ends here
  int label = 0;
  std::vector<Box> boxes;
  Bitmap mask;  // (H, W, 1): 0 is background, k is the object of boxes[k - 1]
};

template <class D>
concept Dataset = requires(const D& set, std::size_t i, Sample& sample) {
  { D::shape } -> std::convertible_to<Shape>;
  { set.size() } -> std::convertible_to<std::size_t>;
  { set.label(i) } -> std::convertible_to<int>;
  set.read(i, sample);
};

template <class D>
consteval Stage stage_of() {
  if constexpr (requires { D::stage; })
    return D::stage;
  else
    return Stage::bytes;
}

// The get(i) that every data set here has beside read(i, sample), which reuses memory.
template <class Set>
struct Get {
  Sample get(std::size_t i) const {
    Sample sample;
    static_cast<const Set&>(*this).read(i, sample);
    return sample;
  }
};

}  // namespace ctnet::data
