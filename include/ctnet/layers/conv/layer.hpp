// SPDX-License-Identifier: MIT
// Conv<In, Out, K, Options...>: what a convolution is. Options: Stride, Pad, Same, Dilation, Groups, NoBias; PyTorch's
// Conv2d.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

// (In, H, W) -> (Out, P, Q) with P = (H + 2 pad - dilation (R - 1) - 1) / stride + 1, Q likewise.
// K is a number, or Size{R, S} for a kernel that is not square. Weight (Out, In / groups, R, S), bias (Out).
template <int In, int Out, auto K, class... Options>
struct Conv {
  using Op = ConvOp;
  static constexpr Traits traits{.role = Role::contraction, .keeps_input = true};

  static constexpr Size kernel{K};
  static constexpr Size stride = detail::option_or<Option::stride, Options...>(1);
  static constexpr Size dilation = detail::option_or<Option::dilation, Options...>(1);
  static constexpr bool same = detail::option_or<Option::same, Options...>(0).h != 0;
  static constexpr Size pad =
      same ? Size{detail::beyond_first(kernel.h, dilation.h) / 2, detail::beyond_first(kernel.w, dilation.w) / 2}
           : detail::option_or<Option::pad, Options...>(0);
  static constexpr int given_groups = detail::option_or<Option::groups, Options...>(1).h;
  static constexpr int groups = detail::at_least_1(given_groups);
  static constexpr bool bias = detail::option_or<Option::no_bias, Options...>(0).h == 0;

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    detail::check_options<Options...>(d, detail::option_set(Option::stride, Option::pad, Option::same, Option::dilation,
                                                            Option::groups, Option::no_bias));
    if (!detail::all_positive(d, detail::Given{words::in_channels, In}, detail::Given{words::out_channels, Out},
                              detail::Given{words::groups, given_groups}) ||
        !detail::check_window(d, kernel, stride, pad, dilation))
      return {detail::at_least_1(Out), 1, 1};
    check_same(d);
    if (In % groups != 0) d.blame(FaultKind::groups, {}, {}, groups, In);
    if (Out % groups != 0) d.blame(FaultKind::groups, {}, {}, groups, Out);
    if (product(Out, fan_in()) > most_values) d.blame(FaultKind::weight_too_large);
    if (in.rank != 3) {
      d.blame(FaultKind::image_expected, Shape{In}, in);
      return {Out, 1, 1};
    }
    if (in.c() != In) d.blame(FaultKind::channels, Shape{In}, in);
    const i64 h = detail::room_to_move(in.h(), kernel.h, pad.h, dilation.h);
    const i64 w = detail::room_to_move(in.w(), kernel.w, pad.w, dilation.w);
    if (h < 0 || w < 0) {
      d.blame(FaultKind::window, Shape{kernel.h, kernel.w, 0}, in);
      return {Out, 1, 1};
    }
    return detail::sized(d, Out, h / detail::at_least_1(stride.h) + 1, w / detail::at_least_1(stride.w) + 1);
  }
  static constexpr TensorSpecs tensors() {
    const int fan = static_cast<int>(fan_in());
    TensorSpecs t;
    t.add({TensorRole::weight, 4, {Out, In / groups, kernel.h, kernel.w}, Init::kaiming_uniform, fan, true});
    if (bias) t.add({TensorRole::bias, 1, {Out}, Init::kaiming_uniform, fan, false});
    return t;
  }
  static constexpr i64 macs(Shape, Shape out) { return product(fan_in(), out.size()); }
  static constexpr ConvOp op(Shape in, Shape out) {
    return {in.c(),   in.h(),   in.w(), out.c(), out.h(),    out.w(),    kernel.h, kernel.w,
            stride.h, stride.w, pad.h,  pad.w,   dilation.h, dilation.w, groups,   bias};
  }

 private:
  static constexpr void check_same(Diagnosis& d) {
    if (!same) return;
    if (((detail::option_of<Options>() == Option::pad) || ...)) d.blame(FaultKind::option_twice, words::Pad);
    if (stride.h != 1 || stride.w != 1) d.blame(FaultKind::same_stride, {}, {}, stride.h != 1 ? stride.h : stride.w);
    const int h = detail::beyond_first(kernel.h, dilation.h), w = detail::beyond_first(kernel.w, dilation.w);
    if (h % 2 != 0 || w % 2 != 0) d.blame(FaultKind::same_window, {}, {}, 1 + (h % 2 != 0 ? h : w));
  }
  static constexpr i64 fan_in() { return product(In / groups, i64{kernel.h} * kernel.w); }
};

}  // namespace ctnet
