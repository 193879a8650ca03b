// SPDX-License-Identifier: MIT
// Linear<In, Out, Options...>: y = x W^T + b, PyTorch's Linear. Option: NoBias.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

// (In) -> (Out). Weight (Out, In), bias (Out). An image needs a Flatten first.
template <int In, int Out, class... Options>
struct Linear {
  using Op = LinearOp;
  static constexpr Traits traits{.role = Role::contraction, .keeps_input = true};
  static constexpr bool bias = detail::option_or<Option::no_bias, Options...>(0).h == 0;

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    detail::check_options<Options...>(d, detail::option_set(Option::no_bias));
    detail::all_positive(d, detail::Given{words::in_features, In}, detail::Given{words::out_features, Out});
    if (product(In, Out) > most_values) d.blame(FaultKind::weight_too_large);
    if (in.rank != 1)
      d.blame(FaultKind::flatten_missing, Shape{In}, in);
    else if (in.d[0] != In)
      d.blame(FaultKind::features, Shape{In}, in);
    return {detail::at_least_1(Out)};
  }
  static constexpr TensorSpecs tensors() {
    TensorSpecs t;
    t.add({TensorRole::weight, 2, {Out, In}, Init::kaiming_uniform, In, true});
    if (bias) t.add({TensorRole::bias, 1, {Out}, Init::kaiming_uniform, In, false});
    return t;
  }
  static constexpr i64 macs(Shape, Shape) { return i64{In} * Out; }
  static constexpr LinearOp op(Shape, Shape) { return {In, Out, bias}; }
};

}  // namespace ctnet
