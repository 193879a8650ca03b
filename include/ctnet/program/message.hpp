// SPDX-License-Identifier: MIT
// A network's fault in words. The words are the name of a type that is never defined, so that the compiler prints them in
// one error: `network_error<layer, 2, Conv<8, 16, 3>, expects, 8, channels, gets, 6>`. g++, clang and nvcc all print
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

// Words are gathered as types; End decides what they become.
template <template <auto...> class End, auto... W>
struct Saying {
  template <auto... More>
  using and_ = Saying<End, W..., More...>;
  template <Shape S>
  static constexpr auto shape_() {
    if constexpr (S.rank == 3)
      return and_<dimension<S.d[0]>(), x, dimension<S.d[1]>(), x, dimension<S.d[2]>()>{};
    else
      return and_<dimension<S.d[0]>()>{};
  }
  template <Shape S>
  using shape = decltype(shape_<S>());
  using said = End<W...>;
};
template <auto... W>
using sentence_of = sentence_error<W...>;
template <int Index, class Type>
struct OfLayer {
  template <auto... W>
  using error = network_error<layer, Index, Type, W...>;
};

struct Fine {};

template <Fault F, class S>
constexpr auto put_into_words() {
  constexpr int want = F.want.d[0], a = F.number[0], b = F.number[1];
  if constexpr (F.kind == FaultKind::channels)
    return typename S::template and_<expects, want, channels, gets, F.have.d[0]>{};
  else if constexpr (F.kind == FaultKind::features)
    return typename S::template and_<expects, want, features, gets, F.have.d[0]>{};
  else if constexpr (F.kind == FaultKind::flatten_missing)
    return typename S::template and_<expects, want, features, gets>::template shape<
        F.have>::template and_<a_Flatten_is_missing_before_it>{};
  else if constexpr (F.kind == FaultKind::image_expected)
    return typename S::template and_<expects, an_image, gets, F.have.d[0], features>{};
  else if constexpr (F.kind == FaultKind::window && F.want.d[0] == F.want.d[1])
    return typename S::template and_<window, want, does_not_fit_into, F.have.d[1], x, F.have.d[2]>{};
  else if constexpr (F.kind == FaultKind::window)
    return typename S::template and_<window, want, x, F.want.d[1], does_not_fit_into, F.have.d[1], x, F.have.d[2]>{};
  else if constexpr (F.kind == FaultKind::groups)
    return typename S::template and_<a, groups, do_not_divide, b, channels>{};
  else if constexpr (F.kind == FaultKind::positive)
    return typename S::template and_<a, must_be_positive>{};
  else if constexpr (F.kind == FaultKind::pool_pad)
    return typename S::template and_<pad, a, is_more_than_half_of, window, b>{};
  else if constexpr (F.kind == FaultKind::ratio)
    return typename S::template and_<probability, a, per, b, must_be_from_0_to_below_1>{};
  else if constexpr (F.kind == FaultKind::option_unknown)
    return typename S::template and_<option, a, is_not_known_to_this_layer>{};
  else if constexpr (F.kind == FaultKind::option_twice)
    return typename S::template and_<option, a, is_given_twice>{};
  else if constexpr (F.kind == FaultKind::tap_missing)
    return typename S::template and_<tap_does_not_exist>{};
  else if constexpr (F.kind == FaultKind::tap_twice)
    return typename S::template and_<tap_exists_already>{};
  else if constexpr (F.kind == FaultKind::branch)
    return typename S::template and_<branch, a, this_branch_gives>::template shape<
        F.have>::template and_<first_branch_gives>::template shape<F.want>{};
  else if constexpr (F.kind == FaultKind::tap_shape)
    return typename S::template and_<tap_gives>::template shape<F.have>::template and_<expects>::template shape<F.want>{};
  else
    return typename S::template and_<a_branch_is_missing>{};
}

template <class Net, class In>
constexpr auto verdict() {
  constexpr Fault f = graph<Net, In>.fault;
  if constexpr (!f)
    return Hold<Fine>{};
  else if constexpr (f.kind == FaultKind::open_input)
    return Hold<typename Saying<sentence_of, network, takes>::template shape<f.have>::template and_<
        a_crop_or_a_fixed_Image_is_missing>::said>{};
  else if constexpr (f.leaf < leaves<Net>) {
    using L = typename LeafAt<Net, f.leaf>::type;
    return Hold<typename decltype(put_into_words<f, Saying<OfLayer<f.leaf, L>::template error>>())::said>{};
  } else  // a tap after the last layer
    return Hold<typename decltype(put_into_words<f, Saying<sentence_of, network>>())::said>{};
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
    return Hold<typename Saying<sentence_of, loader, gives>::template shape<
        Gives>::template and_<network, takes>::template shape<Takes>::said>{};
}
}  // namespace detail
template <Shape Gives, Shape Takes>
struct CheckedLoader {
  enum : unsigned { size = sizeof(typename decltype(detail::loader_verdict<Gives, Takes>())::type) };
  static constexpr bool ok = Gives == Takes;
};

}  // namespace ctnet
