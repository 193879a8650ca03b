// SPDX-License-Identifier: MIT
// Shapes of one image's activations, without the batch: features (N) or channels, height, width (C, H, W).
// Plain structural values, usable as template arguments and in constant expressions.
#pragma once

#include "flags.hpp"

namespace ctnet {

using i64 = long long;

// A height or width that only the data knows: Image<3, any_size, any_size>.
inline constexpr int any_size = -1;
// The most values of one image's activations or of one tensor; what counts them in kernels is an int.
inline constexpr i64 most_values = 2147483647;

// a b, or 2^62 if that is less; of numbers from 0 on.
constexpr i64 product(i64 a, i64 b) {
  constexpr i64 most = i64{1} << 62;
  return a > 0 && b > most / a ? most : a * b;
}

// a + b, or 2^62 if that is less.
constexpr i64 sum(i64 a, i64 b) { return a > (i64{1} << 62) - b ? i64{1} << 62 : a + b; }

// (F) has rank 1, (C, H, W) has rank 3. A dimension of any_size is open: known only to the data.
struct Shape {
  int rank = 0;
  int d[3] = {0, 0, 0};

  constexpr Shape() = default;
  constexpr Shape(int features_) : rank(1), d{features_, 0, 0} {}
  constexpr Shape(int c, int h, int w) : rank(3), d{c, h, w} {}

  constexpr bool operator==(const Shape&) const = default;
  constexpr int c() const { return d[0]; }
  constexpr int h() const { return rank == 3 ? d[1] : 1; }
  constexpr int w() const { return rank == 3 ? d[2] : 1; }
  constexpr bool open() const { return d[0] < 0 || d[1] < 0 || d[2] < 0; }
  // Elements of one image; meaningless while open().
  constexpr i64 size() const { return rank == 1 ? d[0] : product(d[0], i64{d[1]} * d[2]); }
  constexpr i64 plane() const { return rank == 1 ? 1 : i64{d[1]} * d[2]; }
};

// What a network takes: images of C channels, H x W, or feature vectors.
template <int C, int H, int W>
struct Image {
  static constexpr Shape shape{C, H, W};
};
template <int N>
struct Features {
  static constexpr Shape shape{N};
};

template <class T>
concept InputType = requires { T::shape.rank; };

}  // namespace ctnet
