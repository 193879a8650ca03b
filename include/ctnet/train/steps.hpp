// SPDX-License-Identifier: MIT
// A network's kernels on a backend as a table of functions, one row per layer: what the engine walks. The only place
// where a network's type and a backend's kernels meet.
#pragma once

#include "../backends/kernel.hpp"
#include "../program/containers.hpp"

namespace ctnet {

// How one operation runs on a backend.
template <class T>
struct Step {
  void (*forward)(const OpWords&, const Forward<T>&) = nullptr;
  void (*backward)(const OpWords&, const Backward<T>&) = nullptr;
  i64 (*scratch)(const OpWords&) = nullptr;  // elements
};

namespace detail {

template <class Op, class B, int V>
void run_forward(const OpWords& words, const Forward<typename B::scalar>& a) {
  KernelVariant<Op, B, V>::forward(unpack_op<Op>(words), a);
}
template <class Op, class B, int V>
void run_backward(const OpWords& words, const Backward<typename B::scalar>& a) {
  KernelVariant<Op, B, V>::backward(unpack_op<Op>(words), a);
}
template <class Op, class B, int V>
i64 ask_scratch(const OpWords& words) {
  if constexpr (requires(const Op& o) { KernelVariant<Op, B, V>::scratch(o); })
    return KernelVariant<Op, B, V>::scratch(unpack_op<Op>(words));
  else
    return 0;
}
template <class Op, class B, int V = 0>
constexpr Step<typename B::scalar> step_of() {
  return {&run_forward<Op, B, V>, &run_backward<Op, B, V>, &ask_scratch<Op, B, V>};
}

template <class Net, class Input, class B, int I>
constexpr Step<typename B::scalar> step_at() {
  using L = typename decltype(leaf_of<Net, I>())::type;
  if constexpr (L::traits.alias)
    return {};
  else
    return step_of<typename L::Op, B,
                   variant_of<typename L::Op, B>(unpack_op<typename L::Op>(graph<Net, Input>.op[I].op))>();
}
template <class Net, class Input, class B>
struct Steps {
  Step<typename B::scalar> step[leaves<Net> > 0 ? leaves<Net> : 1]{};
  constexpr Steps() { fill(Iota<leaves<Net>>{}); }

 private:
  template <int... I>
  constexpr void fill(Ints<I...>) {
    ((step[I] = step_at<Net, Input, B, I>()), ...);
  }
};
template <class Net, class Input, class B>
inline constexpr Steps<Net, Input, B> steps{};

}  // namespace detail

}  // namespace ctnet
