// SPDX-License-Identifier: MIT
// A network's fault in words. The words are the name of a type that is never defined, so that the compiler prints them
// in one error: `network_error<layer, 2, Conv<8, 16, 3>, expects, 8, channels, gets, 6, at, Name<6>{"0.1.2"}>`. g++,
// clang and nvcc all print enumerators by name; strings, which carry paths and names, clang cuts after 32 letters.
#pragma once

#include "distinct.hpp"

namespace ctnet {

template <auto... Sentence>
struct sentence_error;
template <words::Word Layer, int Index, class Type, auto... Sentence>
struct network_error;
template <class Type, words::Word... Sentence>
struct argument_error;

namespace detail {

// A dimension as a word or a number.
template <int D>
constexpr auto dimension() {
  if constexpr (D == any_size)
    return words::any;
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
    return Saying<dimension<S.d[0]>(), words::x, dimension<S.d[1]>(), words::x, dimension<S.d[2]>()>{};
  else
    return Saying<dimension<S.d[0]>()>{};
}

template <Fault F>
constexpr auto in_words() {
  using enum words::Word;
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
    return Saying<F.what, a, must_be_positive>{};
  else if constexpr (kind == FaultKind::not_negative)
    return Saying<F.what, a, must_not_be_negative>{};
  else if constexpr (kind == FaultKind::same_stride)
    return Saying<Same, takes, stride, 1, gets, a>{};
  else if constexpr (kind == FaultKind::same_window)
    return Saying<Same, takes, an_odd_window, gets, a>{};
  else if constexpr (kind == FaultKind::pool_pad)
    return Saying<pad, a, is_more_than_half_of, window, b>{};
  else if constexpr (kind == FaultKind::probability)
    return Saying<probability, a, per, b, must_be_from_0_to_below_1>{};
  else if constexpr (kind == FaultKind::momentum)
    return Saying<momentum, a, per, b, must_be_from_0_to_1>{};
  else if constexpr (kind == FaultKind::option_unknown)
    return Saying<option, F.what, is_not_known_to_this_layer>{};
  else if constexpr (kind == FaultKind::option_twice)
    return Saying<option, F.what, is_given_twice>{};
  else if constexpr (kind == FaultKind::too_large)
    return Saying<gives, more_than_2147483647_values>{};
  else if constexpr (kind == FaultKind::weight_too_large)
    return Saying<weight, gives, more_than_2147483647_values>{};
  else if constexpr (kind == FaultKind::no_layer)
    return Saying<F.what>{};
  else if constexpr (kind == FaultKind::tap_missing)
    return Saying<tap_does_not_exist>{};
  else if constexpr (kind == FaultKind::tap_twice && b)
    return Saying<tap_exists_already>{};
  else if constexpr (kind == FaultKind::tap_twice)
    return Saying<a, taps, are_the_most>{};
  else if constexpr (kind == FaultKind::branch)
    return Saying<branch, a, this_branch_gives>{} + in_words<F.have>() + Saying<first_branch_gives>{} +
           in_words<F.want>();
  else if constexpr (kind == FaultKind::branches)
    return Saying<a, branches, are_more_than, max_inputs>{};
  else if constexpr (kind == FaultKind::tap_shape)
    return Saying<tap_gives>{} + in_words<F.have>() + Saying<expects>{} + in_words<F.want>();
  else if constexpr (kind == FaultKind::open_input)
    return Saying<network, takes>{} + in_words<F.have>() + Saying<a_crop_or_a_fixed_Image_is_missing>{};
  else if constexpr (kind == FaultKind::input_size)
    return Saying<network, takes>{} + in_words<F.have>() + Saying<must_be_positive>{};
  else if constexpr (kind == FaultKind::input_too_large)
    return Saying<network, takes>{} + in_words<F.have>() + Saying<more_than_2147483647_values>{};
  else
    return Saying<a_branch_is_missing>{};
}

// Walks to a leaf, for its path and the taps before it; to a tap, for its name.
struct Finder {
  static constexpr int most_parts = 32, most_text = 256, most_taps = 8;
  int leaf_wanted = -1, tap_wanted = -1;
  int leaves_seen = 0, taps_seen = 0, depth = 0;
  const char* name[most_parts]{};  // of the parts of the path; null: a number
  int number[most_parts]{};
  char path[most_text]{};
  int length = 0;
  bool nested = false;
  char tap_name[most_text]{};
  char taps_before[most_taps][most_text]{};

  constexpr void enter(int index) {
    if (depth < most_parts) name[depth] = nullptr, number[depth] = index;
    ++depth;
  }
  constexpr void enter(const char* word) {
    if (depth < most_parts) name[depth] = word;
    ++depth;
  }
  constexpr void leave() { --depth; }
  template <class L>
  constexpr void leaf() {
    if (leaves_seen++ != leaf_wanted) return;
    nested = depth > 1;
    for (int i = 0; i < depth && i < most_parts; ++i) {
      if (i > 0) put('.');
      for (const char* s = name[i]; s && *s; ++s) put(*s);
      if (!name[i]) put_number(number[i]);
    }
  }
  constexpr void tap(const char* text) {
    if (taps_seen == tap_wanted) copy(text, tap_name);
    if (leaves_seen <= leaf_wanted && taps_seen < most_taps) copy(text, taps_before[taps_seen]);
    ++taps_seen;
  }
  constexpr void put(char c) {
    if (length < most_text - 1) path[length++] = c;
  }
  constexpr void put_number(int n) {
    if (n >= 10) put_number(n / 10);
    put(static_cast<char>('0' + n % 10));
  }
  static constexpr void copy(const char* from, char* to) {
    for (int i = 0; from[i] && i < most_text - 1; ++i) to[i] = from[i];
  }
};
template <class Net>
constexpr Finder find(int leaf, int tap) {
  Finder f;
  f.leaf_wanted = leaf;
  f.tap_wanted = tap;
  walk<Net>(f);
  return f;
}
constexpr unsigned size_of(const char* s) {
  unsigned n = 1;
  while (*s++) ++n;
  return n;
}
template <unsigned N>
constexpr Name<N> name_of(const char* s) {
  Name<N> name;
  for (unsigned i = 0; i < N; ++i) name.text[i] = s[i];  // the 0 too: clang prints what is written as text
  return name;
}
// The names of the taps that there are where the leaf stands, the first few of them.
template <class Net, int Leaf, int... I>
constexpr auto taps_there(Ints<I...>) {
  constexpr Finder f = find<Net>(Leaf, -1);
  return Saying<words::taps_before_it, name_of<size_of(f.taps_before[I])>(f.taps_before[I])...>{};
}
template <class Net, int Leaf>
constexpr int count_taps() {
  const Finder f = find<Net>(Leaf, -1);
  int n = 0;
  while (n < Finder::most_taps && f.taps_before[n][0]) ++n;
  return n;
}

template <class Net, Fault F>
constexpr auto names_of_taps() {
  if constexpr (F.kind == FaultKind::tap_twice && F.number[1]) {
    constexpr Finder f = find<Net>(-1, F.number[0]);
    return Saying<name_of<size_of(f.tap_name)>(f.tap_name)>{};
  } else if constexpr (F.kind == FaultKind::tap_missing) {
    return taps_there<Net, F.leaf>(Iota<count_taps<Net, F.leaf>()>{});
  } else {
    return Saying<>{};
  }
}
// What comes behind a fault's own words: names of taps, and in a nest the path by which files name the layer.
template <class Net, Fault F>
constexpr auto circumstances() {
  constexpr Finder f = find<Net>(F.leaf, -1);
  if constexpr (f.nested)
    return names_of_taps<Net, F>() + Saying<words::at, name_of<size_of(f.path)>(f.path)>{};
  else
    return names_of_taps<Net, F>();
}

template <class L>
constexpr auto spoken_type() {
  if constexpr (requires { typename L::container; })
    return Hold<typename L::container>{};
  else
    return Hold<L>{};
}
template <class Type>
inline constexpr bool is_residual = false;
template <>
inline constexpr bool is_residual<words::Residual> = true;

template <int Index, class Type, auto... W>
constexpr Hold<network_error<words::layer, Index, Type, W...>> of_layer(Hold<Type>, Saying<W...>) {
  return {};
}
template <auto... W>
constexpr Hold<sentence_error<W...>> of_none(Saying<W...>) {
  return {};
}
struct Fine {};

template <class Net, class In>
constexpr auto verdict() {
  if constexpr (!InputType<In>) {
    return Hold<argument_error<In, words::is_no_Image_or_Features, words::the_backend_comes_third>>{};
  } else {
    constexpr Fault f = graph<Net, In>.fault;
    if constexpr (!f) {
      return Hold<Fine>{};
    } else if constexpr (f.kind == FaultKind::open_input || f.kind == FaultKind::input_size ||
                         f.kind == FaultKind::input_too_large) {
      return of_none(in_words<f>());
    } else if constexpr (f.leaf < leaves<Net>) {
      constexpr auto type = spoken_type<typename decltype(leaf_of<Net, f.leaf>())::type>();
      using Type = typename decltype(spoken_type<typename decltype(leaf_of<Net, f.leaf>())::type>())::type;
      if constexpr (f.kind == FaultKind::branch && is_residual<Type>)
        return of_layer<f.leaf>(type, Saying<words::shortcut, words::this_branch_gives>{} + in_words<f.have>() +
                                          Saying<words::first_branch_gives>{} + in_words<f.want>() +
                                          circumstances<Net, f>());
      else
        return of_layer<f.leaf>(type, in_words<f>() + circumstances<Net, f>());
    } else {  // a tap after the last layer
      return of_none(Saying<words::network>{} + in_words<f>() + circumstances<Net, f>());
    }
  }
}

}  // namespace detail

// To name Checked<Net, In>::size is to ask for the one error a wrong network gives.
template <class Net, class In>
struct Checked {
  enum : unsigned { size = sizeof(typename decltype(detail::verdict<Net, In>())::type) };
  static constexpr bool ok = InputType<In> && !graph<Net, In>.fault;
};

// A layer on a backend that has no kernel for its operation, or only half of one: the one error that says so, however
// often it is asked for.
template <class Layer, words::Word Sentence, class Op, class Backend>
struct kernel_error;
template <class L, class B, words::Word Sentence>
struct CheckedKernel {
  enum : unsigned { size = sizeof(kernel_error<L, Sentence, typename L::Op, B>) };
};
namespace detail {
enum class Pass { forward, backward };
inline constexpr words::Word nothing_lacks = words::Word{};

// What the kernel of layer L on B lacks for a pass, as a sentence.
template <class L, class B, Pass P>
constexpr words::Word kernel_lacks() {
  if constexpr (!L::traits.alias) {
    using Op = typename L::Op;
    if constexpr (!HasKernel<Op, B>)
      return words::has_no_Kernel_for;
    else if constexpr (P == Pass::forward) {
      if (!requires(const Op& op, const typename Arguments<B>::Forward& a) { Kernel<Op, B>::forward(op, a); })
        return words::has_a_Kernel_without_forward_for;
    } else {
      if (!requires(const Op& op, const typename Arguments<B>::Backward& a) { Kernel<Op, B>::backward(op, a); })
        return words::has_a_Kernel_without_backward_for;
    }
  }
  return nothing_lacks;
}
template <class L, class B>
inline constexpr bool lacks_kernel = kernel_lacks<L, B, Pass::forward>() != nothing_lacks;
template <class L, class B>
inline constexpr bool lacks_backward = kernel_lacks<L, B, Pass::backward>() != nothing_lacks;

// A layer that lacks it: the first, or -1.
template <class Net, class Input, class B, Pass P, int... R>
constexpr int first_without_kernel(Ints<R...>) {
  constexpr const auto& ops = distinct_ops<Net, Input>;
  const words::Word lacks[] = {kernel_lacks<typename LayerAt<Net, ops.first[R]>::type, B, P>()..., nothing_lacks};
  for (int r = 0; r < ops.rows; ++r)
    if (lacks[r] != nothing_lacks) return ops.first[r];
  return -1;
}
template <class Net, class B, Pass P, int Leaf>
struct KernelThere {
  using L = typename LayerAt<Net, Leaf>::type;
  enum : unsigned { size = CheckedKernel<L, B, kernel_lacks<L, B, P>()>::size };
};
template <class Net, class B, Pass P>
struct KernelThere<Net, B, P, -1> {
  enum : unsigned { size = 1 };
};
// All layers of a network. Asked for before tables of kernels are: an error among constants makes clang give more. A
// kernel without backward is one for networks that are never trained.
template <class Net, class Input, class B, Pass P = Pass::forward>
using CheckedKernels =
    KernelThere<Net, B, P, first_without_kernel<Net, Input, B, P>(Iota<distinct_ops<Net, Input>.rows>{})>;
template <class Net, class Input, class B>
inline constexpr bool has_backward =
    first_without_kernel<Net, Input, B, Pass::backward>(Iota<distinct_ops<Net, Input>.rows>{}) < 0;
}  // namespace detail

// An argument that is none of its kind, likewise.
template <class Type, words::Word... Sentence>
struct CheckedArgument {
  enum : unsigned { size = sizeof(argument_error<Type, Sentence...>) };
};

// What a loader or any other source gives must be what the network takes.
namespace detail {
template <Shape Gives, Shape Takes>
constexpr auto loader_verdict() {
  if constexpr (Gives == Takes)
    return Hold<Fine>{};
  else
    return of_none(Saying<words::loader, words::gives>{} + in_words<Gives>() + Saying<words::network, words::takes>{} +
                   in_words<Takes>());
}
}  // namespace detail
template <Shape Gives, Shape Takes>
struct CheckedLoader {
  enum : unsigned { size = sizeof(typename decltype(detail::loader_verdict<Gives, Takes>())::type) };
  static constexpr bool ok = Gives == Takes;
};

}  // namespace ctnet
