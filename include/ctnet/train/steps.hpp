// SPDX-License-Identifier: MIT
// A network's kernels on a backend as a table of functions, one row per layer: what the engine walks. The only place
// where a network's type and a backend's kernels meet.
#pragma once

#include "../backends/kernel.hpp"
#include "../program/distinct.hpp"
#include "../program/message.hpp"

namespace ctnet {

// How one operation runs on backend B.
template <class B>
struct Step {
  void (*forward)(const OpWords&, const typename Arguments<B>::Forward&) = nullptr;
  void (*backward)(const OpWords&, const typename Arguments<B>::Backward&) = nullptr;
  i64 (*scratch)(const OpWords&) = nullptr;  // elements
  unsigned takes = takes_nothing;
};

namespace detail {

template <class Op, class B, int V>
void run_forward(const OpWords& words, const typename Arguments<B>::Forward& a) {
  KernelVariant<Op, B, V>::forward(unpack_op<Op>(words), a);
}
template <class Op, class B, int V>
void run_backward(const OpWords& words, const typename Arguments<B>::Backward& a) {
  KernelVariant<Op, B, V>::backward(unpack_op<Op>(words), a);
}
template <class Op, class B, int V>
i64 ask_scratch(const OpWords& words) {
  if constexpr (requires(const Op& o) { KernelVariant<Op, B, V>::scratch(o); })
    return KernelVariant<Op, B, V>::scratch(unpack_op<Op>(words));
  else
    return 0;
}
template <class Op, class B, int V>
constexpr unsigned takes_of(const Op& op) {
  if constexpr (requires { KernelVariant<Op, B, V>::takes(op); })
    return KernelVariant<Op, B, V>::takes(op);
  else
    return takes_nothing;
}
template <class Op, class B, int V = 0>
constexpr Step<B> step_of(unsigned takes = takes_nothing) {
  return {&run_forward<Op, B, V>, &run_backward<Op, B, V>, &ask_scratch<Op, B, V>, takes};
}

// Nothing runs for an alias, nor for a layer without a kernel, of which CheckedKernels speaks.
template <class L, class B>
constexpr bool has_step() {
  if constexpr (L::traits.alias)
    return false;
  else
    return !lacks_kernel<L, B>;
}

template <class Net, class Input, class B, int I>
constexpr Step<B> step_at() {
  using L = typename LayerAt<Net, I>::type;
  if constexpr (!has_step<L, B>()) {
    return {};
  } else {
    using Op = typename L::Op;
    constexpr int variant = variant_of<Op, B>(unpack_op<Op>(graph<Net, Input>.op[I].op));
    constexpr unsigned takes = takes_of<Op, B, variant>(unpack_op<Op>(graph<Net, Input>.op[I].op));
    if constexpr (lacks_backward<L, B>)  // Network::backward says so
      return {&run_forward<Op, B, variant>, nullptr, &ask_scratch<Op, B, variant>, takes};
    else
      return step_of<Op, B, variant>(takes);
  }
}
template <class Net, class Input, class B>
struct Steps {
  Step<B> step[leaves<Net> > 0 ? leaves<Net> : 1]{};
  constexpr Steps() { fill(Iota<distinct_ops<Net, Input>.rows>{}); }

 private:
  template <int... R>
  constexpr void fill(Ints<R...>) {
    constexpr const auto& ops = distinct_ops<Net, Input>;
    const Step<B> row[] = {step_at<Net, Input, B, ops.first[R]>()..., Step<B>{}};
    for (int i = 0; i < leaves<Net>; ++i) step[i] = row[ops.row[i]];
  }
};
template <class Net, class Input, class B>
inline constexpr Steps<Net, Input, B> steps{};

}  // namespace detail

}  // namespace ctnet
