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
  same,
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
// PyTorch's padding='same': as much padding as keeps height and width, of convolutions of stride 1. Where that is an
// odd number of rows or columns, PyTorch pads one more below and at the right; here it is an error.
struct Same {
  static constexpr Option option = Option::same;
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
template <class O>
constexpr Option option_of() {
  if constexpr (requires { O::option; })
    return O::option;
  else
    return Option::count;  // a type that is no option
}
constexpr words::Word word_of(Option o) {
  constexpr words::Word all[] = {words::Stride,
                                 words::Pad,
                                 words::Dilation,
                                 words::Groups,
                                 words::NoBias,
                                 words::CeilMode,
                                 words::ExcludePad,
                                 words::Same,
                                 words::Eps,
                                 words::Momentum,
                                 words::a_type_that_is_no_option};
  return all[static_cast<int>(o)];
}
template <Option Which, class... O>
constexpr Size option_or(Size otherwise) {
  Size v = otherwise;
  [[maybe_unused]] const auto take = [&]<class T>(Size& to) {
    if constexpr (option_of<T>() == Which) to = T::value;
  };
  (take.template operator()<O>(v), ...);
  return v;
}
// Blames an option that the layer does not know, or one given twice. `known` has a bit per Option.
template <class... O>
constexpr void check_options(Diagnosis& d, unsigned known) {
  constexpr int n = static_cast<int>(sizeof...(O));
  const Option given[] = {option_of<O>()..., Option::count};
  for (int i = 0; i < n; ++i) {
    if (!(known >> static_cast<int>(given[i]) & 1u)) d.blame(FaultKind::option_unknown, word_of(given[i]));
    for (int j = 0; j < i; ++j)
      if (given[j] == given[i]) d.blame(FaultKind::option_twice, word_of(given[i]));
  }
}
template <class... K>
constexpr unsigned option_set(K... k) {
  return ((1u << static_cast<int>(k)) | ...);
}
// A number and what it is.
struct Given {
  words::Word what;
  int value;
};
// Blames the first that is not positive.
template <class... G>
constexpr bool all_positive(Diagnosis& d, G... numbers) {
  const Given list[] = {numbers...};
  for (const Given& g : list)
    if (g.value < 1) {
      d.blame(FaultKind::positive, g.what, g.value);
      return false;
    }
  return true;
}
constexpr bool not_negative(Diagnosis& d, Given g) {
  if (g.value < 0) d.blame(FaultKind::not_negative, g.what, g.value);
  return g.value >= 0;
}
// Windows of Conv and the pools: all their numbers.
constexpr bool check_window(Diagnosis& d, Size kernel, Size stride, Size pad, Size dilation) {
  return all_positive(d, Given{words::kernel_size, kernel.h}, Given{words::kernel_size, kernel.w},
                      Given{words::stride, stride.h}, Given{words::stride, stride.w},
                      Given{words::dilation, dilation.h}, Given{words::dilation, dilation.w}) &&
         not_negative(d, {words::pad, pad.h}) && not_negative(d, {words::pad, pad.w});
}
// Pixels of a window beyond its first, or 2^30 if that is less.
constexpr int beyond_first(int window, int dilation) {
  constexpr i64 most = i64{1} << 30;
  const i64 n = product(dilation > 0 ? dilation : 0, window > 1 ? window - 1 : 0);
  return static_cast<int>(n < most ? n : most);
}
// Pixels that a window has room to move along one side: below 0 it does not fit.
constexpr i64 room_to_move(i64 in, i64 window, i64 pad, i64 dilation) {
  return in + 2 * pad - dilation * (window - 1) - 1;
}
// (C, H, W), or blame where that is more than counts in an int.
constexpr Shape sized(Diagnosis& d, int c, i64 h, i64 w) {
  if (product(c, product(h, w)) <= most_values) return {c, static_cast<int>(h), static_cast<int>(w)};
  d.blame(FaultKind::too_large, Shape{}, Shape{c, 1, 1});
  return {c, 1, 1};
}
constexpr int at_least_1(int v) { return v < 1 ? 1 : v; }
}  // namespace detail

}  // namespace ctnet
