// SPDX-License-Identifier: MIT
// Shapes of one image's activations, without the batch: features (N) or channels, height, width (C, H, W).
// Plain structural values, usable as template arguments and in constant expressions.
#pragma once

#include "flags.hpp"

namespace ctnet {

using i64 = long long;

// The words that shape errors are made of (program/message.hpp). They are enumerators because every compiler prints
// those by name; they stand in this namespace so that an error reads `layer 2 Conv<8, 16, 3> expects 8 channels ...`.
// `any` is also what a user writes for a height or width that only the data knows.
enum Word : int {
  any = -1,
  layer = -1000,  // the others have no value of interest, but none that a size could have
  expects,
  gets,
  takes,
  gives,
  channels,
  features,
  window,
  does_not_fit_into,
  x,
  loader,
  network,
  an_image,
  a_Flatten_is_missing_before_it,
  a_crop_or_a_fixed_Image_is_missing,
  a_branch_is_missing,
  branch,
  this_branch_gives,
  first_branch_gives,
  tap_does_not_exist,
  tap_exists_already,
  tap_gives,
  groups,
  do_not_divide,
  must_be_positive,
  pad,
  is_more_than_half_of,
  probability,
  per,
  must_be_from_0_to_below_1,
  option,
  is_not_known_to_this_layer,
  is_given_twice,
};

// (F) has rank 1, (C, H, W) has rank 3. A dimension of `any` is open: known only to the data.
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
  constexpr i64 size() const { return rank == 1 ? d[0] : i64{d[0]} * d[1] * d[2]; }
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
