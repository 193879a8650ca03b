// SPDX-License-Identifier: MIT
// A network's fault in words. The words are the name of a type that is never defined, so that the compiler prints them
// in one error: `network_error<layer, 2, Conv<8, 16, 3>, expects, 8, channels, gets, 6>`. g++, clang and nvcc all print
// enumerators by name; they cut strings.
#pragma once

#include "containers.hpp"

namespace ctnet {

template <auto... Sentence>
struct sentence_error;
template <Word Layer, int Index, class Type, auto... Sentence>
struct network_error;

namespace detail {

// A dimension as a word or a number.
template <int D>
constexpr auto dimension() {
  if constexpr (D == -1)
    return any;
  else
    return D;
}

// A sentence in the making: a type, so that sentences can be strung together with +.
template <auto... W>
struct Saying {};
template <auto... A, auto... B>
constexpr Saying<A..., B...> operator+(Saying<A...>, Saying<B...>) {
  return {};
}
template <Shape S>
constexpr auto in_words() {
  if constexpr (S.rank == 3)
    return Saying<dimension<S.d[0]>(), x, dimension<S.d[1]>(), x, dimension<S.d[2]>()>{};
  else
    return Saying<dimension<S.d[0]>()>{};
}

template <Fault F>
constexpr auto in_words() {
  constexpr FaultKind kind = F.kind;
  constexpr int want = F.want.d[0], a = F.number[0], b = F.number[1];
  if constexpr (kind == FaultKind::channels)
    return Saying<expects, want, channels, gets, F.have.d[0]>{};
  else if constexpr (kind == FaultKind::features)
    return Saying<expects, want, features, gets, F.have.d[0]>{};
  else if constexpr (kind == FaultKind::flatten_missing)
    return Saying<expects, want, features, gets>{} + in_words<F.have>() + Saying<a_Flatten_is_missing_before_it>{};
  else if constexpr (kind == FaultKind::image_expected)
    return Saying<expects, an_image, gets, F.have.d[0], features>{};
  else if constexpr (kind == FaultKind::window && F.want.d[0] == F.want.d[1])
    return Saying<window, want, does_not_fit_into, F.have.d[1], x, F.have.d[2]>{};
  else if constexpr (kind == FaultKind::window)
    return Saying<window, want, x, F.want.d[1], does_not_fit_into, F.have.d[1], x, F.have.d[2]>{};
  else if constexpr (kind == FaultKind::groups)
    return Saying<a, groups, do_not_divide, b, channels>{};
  else if constexpr (kind == FaultKind::positive)
    return Saying<a, must_be_positive>{};
  else if constexpr (kind == FaultKind::pool_pad)
    return Saying<pad, a, is_more_than_half_of, window, b>{};
  else if constexpr (kind == FaultKind::ratio)
    return Saying<probability, a, per, b, must_be_from_0_to_below_1>{};
  else if constexpr (kind == FaultKind::option_unknown)
    return Saying<option, a, is_not_known_to_this_layer>{};
  else if constexpr (kind == FaultKind::option_twice)
    return Saying<option, a, is_given_twice>{};
  else if constexpr (kind == FaultKind::tap_missing)
    return Saying<tap_does_not_exist>{};
  else if constexpr (kind == FaultKind::tap_twice)
    return Saying<tap_exists_already>{};
  else if constexpr (kind == FaultKind::branch)
    return Saying<branch, a, this_branch_gives>{} + in_words<F.have>() + Saying<first_branch_gives>{} +
           in_words<F.want>();
  else if constexpr (kind == FaultKind::tap_shape)
    return Saying<tap_gives>{} + in_words<F.have>() + Saying<expects>{} + in_words<F.want>();
  else if constexpr (kind == FaultKind::open_input)
    return Saying<network, takes>{} + in_words<F.have>() + Saying<a_crop_or_a_fixed_Image_is_missing>{};
  else
    return Saying<a_branch_is_missing>{};
}

template <int Index, class Type, auto... W>
constexpr Hold<network_error<layer, Index, Type, W...>> of_layer(Hold<Type>, Saying<W...>) {
  return {};
}
template <auto... W>
constexpr Hold<sentence_error<W...>> of_none(Saying<W...>) {
  return {};
}
struct Fine {};

template <class Net, class In>
constexpr auto verdict() {
  constexpr Fault f = graph<Net, In>.fault;
  if constexpr (!f)
    return Hold<Fine>{};
  else if constexpr (f.kind == FaultKind::open_input)
    return of_none(in_words<f>());
  else if constexpr (f.leaf < leaves<Net>)
    return of_layer<f.leaf>(leaf_of<Net, f.leaf>(), in_words<f>());
  else  // a tap after the last layer
    return of_none(Saying<network>{} + in_words<f>());
}

}  // namespace detail

// To name Checked<Net, In>::ok is to ask for the one error a wrong network gives.
template <class Net, class In>
struct Checked {
  enum : unsigned { size = sizeof(typename decltype(detail::verdict<Net, In>())::type) };
  static constexpr bool ok = !graph<Net, In>.fault;
};

// What a loader or any other source gives must be what the network takes.
namespace detail {
template <Shape Gives, Shape Takes>
constexpr auto loader_verdict() {
  if constexpr (Gives == Takes)
    return Hold<Fine>{};
  else
    return of_none(Saying<loader, gives>{} + in_words<Gives>() + Saying<network, takes>{} + in_words<Takes>());
}
}  // namespace detail
template <Shape Gives, Shape Takes>
struct CheckedLoader {
  enum : unsigned { size = sizeof(typename decltype(detail::loader_verdict<Gives, Takes>())::type) };
  static constexpr bool ok = Gives == Takes;
};

}  // namespace ctnet
