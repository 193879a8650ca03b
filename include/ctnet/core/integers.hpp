// SPDX-License-Identifier: MIT
// Packs of integers by the compilers' own built-ins: std::integer_sequence without <utility>, with short symbols.
#pragma once

namespace ctnet {

template <int N>
struct Int {
  constexpr operator int() const { return N; }
  static constexpr int value = N;
};

template <int... I>
struct Ints {};

namespace detail {
template <class T, T... I>
struct IntsOf {
  using type = Ints<I...>;
};
}  // namespace detail

// Ints<0, 1, ... N - 1>
#if defined(__clang__)
template <int N>
using Iota = typename __make_integer_seq<detail::IntsOf, int, N>::type;
#else
template <int N>
using Iota = Ints<__integer_pack(N)...>;
#endif

}  // namespace ctnet
