// SPDX-License-Identifier: MIT
// Options of layers: trailing types, in any order, each with PyTorch's default: Conv<64, 128, 3, Stride<2>, Pad<1>>.
#pragma once

#include "fault.hpp"

namespace ctnet {

// A size with two sides, where one number is not enough: Conv<3, 8, Size{3, 5}>.
struct Size {
  int h = 0, w = 0;
  constexpr Size() = default;
  constexpr Size(int side) : h(side), w(side) {}
  constexpr Size(int h_, int w_) : h(h_), w(w_) {}
  constexpr bool operator==(const Size&) const = default;
};

enum class Option : unsigned char {
  stride,
  pad,
  dilation,
  groups,
  no_bias,
  ceil_mode,
  exclude_pad,
  eps,
  momentum,
  count
};

template <int... Sides>
struct Stride {
  static_assert(sizeof...(Sides) == 1 || sizeof...(Sides) == 2, "Stride takes one number, or height and width");
  static constexpr Option option = Option::stride;
  static constexpr Size value{Sides...};
};
template <int... Sides>
struct Pad {
  static_assert(sizeof...(Sides) == 1 || sizeof...(Sides) == 2, "Pad takes one number, or height and width");
  static constexpr Option option = Option::pad;
  static constexpr Size value{Sides...};
};
template <int... Sides>
struct Dilation {
  static_assert(sizeof...(Sides) == 1 || sizeof...(Sides) == 2, "Dilation takes one number, or height and width");
  static constexpr Option option = Option::dilation;
  static constexpr Size value{Sides...};
};
template <int N>
struct Groups {
  static constexpr Option option = Option::groups;
  static constexpr Size value{N};
};
// PyTorch's bias=False
struct NoBias {
  static constexpr Option option = Option::no_bias;
  static constexpr Size value{1};
};
// PyTorch's ceil_mode=True: output sizes of pools are rounded up
struct CeilMode {
  static constexpr Option option = Option::ceil_mode;
  static constexpr Size value{1};
};
// PyTorch's count_include_pad=False: averages count only pixels of the image
struct ExcludePad {
  static constexpr Option option = Option::exclude_pad;
  static constexpr Size value{1};
};
// Numerator / Denominator; floating-point template arguments are not for every compiler.
template <int Numerator, int Denominator>
struct Eps {
  static constexpr Option option = Option::eps;
  static constexpr Size value{Numerator, Denominator};
};
template <int Numerator, int Denominator>
struct Momentum {
  static constexpr Option option = Option::momentum;
  static constexpr Size value{Numerator, Denominator};
};

namespace detail {
template <Option Which, class... O>
constexpr Size option_or(Size otherwise) {
  Size v = otherwise;
  ((v = O::option == Which ? O::value : v), ...);
  return v;
}
// Blames an option that the layer does not know, or one given twice. `known` has a bit per Option.
template <class... O>
constexpr void check_options(Diagnosis& d, unsigned known) {
  constexpr int n = static_cast<int>(sizeof...(O));
  const Option given[] = {O::option..., Option::count};
  for (int i = 0; i < n; ++i) {
    if (!(known >> static_cast<int>(given[i]) & 1u)) d.blame(FaultKind::option_unknown, {}, {}, i);
    for (int j = 0; j < i; ++j)
      if (given[j] == given[i]) d.blame(FaultKind::option_twice, {}, {}, i);
  }
}
template <class... K>
constexpr unsigned option_set(K... k) {
  return ((1u << static_cast<int>(k)) | ...);
}
// Blames the first number that is not positive.
template <class... I>
constexpr bool all_positive(Diagnosis& d, I... numbers) {
  const int list[] = {numbers...};
  for (int v : list)
    if (v < 1) {
      d.blame(FaultKind::positive, {}, {}, v);
      return false;
    }
  return true;
}
constexpr int at_least_1(int v) { return v < 1 ? 1 : v; }
}  // namespace detail

}  // namespace ctnet
