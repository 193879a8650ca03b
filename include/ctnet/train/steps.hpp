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

template <class Op, class Backend>
void run_forward(const OpWords& words, const Forward<typename Backend::scalar>& a) {
  Kernel<Op, Backend>::forward(unpack_op<Op>(words), a);
}
template <class Op, class B>
void run_backward(const OpWords& words, const Backward<typename B::scalar>& a) {
  Kernel<Op, B>::backward(unpack_op<Op>(words), a);
}
template <class Op, class Backend>
i64 ask_scratch(const OpWords& words) {
  if constexpr (requires(const Op& o) { Kernel<Op, Backend>::scratch(o); })
    return Kernel<Op, Backend>::scratch(unpack_op<Op>(words));
  else
    return 0;
}
template <class Op, class Backend>
constexpr Step<typename Backend::scalar> step_of() {
  return {&run_forward<Op, Backend>, &run_backward<Op, Backend>, &ask_scratch<Op, Backend>};
}

template <class Backend>
struct StepCollector {
  Step<typename Backend::scalar>* at;
  constexpr void enter(int) {}
  constexpr void enter(const char*) {}
  constexpr void leave() {}
  template <class L>
  constexpr void leaf() {
    if constexpr (L::traits.alias)
      *at++ = {};
    else
      *at++ = step_of<typename L::Op, Backend>();
  }
};
template <class Net, class Backend>
struct Steps {
  Step<typename Backend::scalar> step[leaves<Net> > 0 ? leaves<Net> : 1]{};
  constexpr Steps() {
    StepCollector<Backend> v{step};
    walk<Net>(v);
  }
};
template <class Net, class Backend>
inline constexpr Steps<Net, Backend> steps{};

}  // namespace detail

}  // namespace ctnet
