// SPDX-License-Identifier: MIT
// BatchNorm<C, Options...>: PyTorch's BatchNorm2d and BatchNorm1d (Ioffe and Szegedy 2015). Options: Eps, Momentum.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

// forward: y = weight (x - mean) / sqrt(var + eps) + bias over the batch, per channel; the running statistics move by
// `momentum` towards the batch's (variance unbiased). predict: the running statistics. Eps 1e-5, Momentum 0.1.
template <int C, class... Options>
struct BatchNorm {
  using Op = BatchNormOp;
  static constexpr Traits traits{.role = Role::per_channel_affine, .keeps_input = true, .saved = i64{2} * C};
  static constexpr Size eps = detail::option_or<Option::eps, Options...>(Size{1, 100000});
  static constexpr Size momentum = detail::option_or<Option::momentum, Options...>(Size{1, 10});

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    detail::check_options<Options...>(d, detail::option_set(Option::eps, Option::momentum));
    detail::all_positive(d, detail::Given{words::channels, C}, detail::Given{words::eps, eps.h},
                         detail::Given{words::eps, eps.w});
    if (momentum.w < 1 || momentum.h < 0 || momentum.h > momentum.w)
      d.blame(FaultKind::momentum, {}, {}, momentum.h, momentum.w);
    if (in.d[0] != C) d.blame(FaultKind::channels, Shape{C}, in);
    return in;
  }
  static constexpr TensorSpecs tensors() {
    TensorSpecs t;
    t.add({TensorRole::weight, 1, {C}, Init::ones, 0, false});
    t.add({TensorRole::bias, 1, {C}, Init::zeros, 0, false});
    t.add({TensorRole::running_mean, 1, {C}, Init::zeros, 0, false});
    t.add({TensorRole::running_var, 1, {C}, Init::ones, 0, false});
    return t;
  }
  static constexpr i64 macs(Shape, Shape) { return 0; }
  static constexpr BatchNormOp op(Shape in, Shape) {
    return {C, static_cast<int>(in.plane()), eps.h, eps.w, momentum.h, momentum.w};
  }
};

}  // namespace ctnet
