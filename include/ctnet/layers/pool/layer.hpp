// SPDX-License-Identifier: MIT
// MaxPool<K>, AvgPool<K>, AdaptiveAvgPool<P, Q>, GlobalAvgPool: PyTorch's MaxPool2d, AvgPool2d, AdaptiveAvgPool2d.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

namespace detail {
// Output length of a pool along one side, as PyTorch rounds it, below 1 where no window fits: with ceil_mode the last
// window must start inside the image or its left padding, and may be larger than what there is.
constexpr i64 pooled(int in, int window, int stride, int pad, int dilation, bool ceil_mode) {
  const i64 room = room_to_move(in, window, pad, dilation) + (ceil_mode ? stride - 1 : 0);
  if (room < 0) return 0;
  i64 out = room / stride + 1;
  if (ceil_mode && (out - 1) * stride >= i64{in} + pad) --out;
  return out;
}
// Whether a dilated window lies with all its pixels in the padding.
constexpr bool some_window_empty(int in, i64 out, int window, int stride, int pad, int dilation) {
  for (i64 p = 0; dilation > 1 && p < out; ++p) {
    i64 y = p * stride - pad;
    int r = 0;
    for (; r < window && y < 0; ++r) y += dilation;
    if (r == window || y >= in) return true;
  }
  return false;
}
constexpr Shape infer_pool(Shape in, Diagnosis& d, Size k, Size stride, Size pad, Size dilation, bool ceil_mode) {
  if (!check_window(d, k, stride, pad, dilation)) return in;
  if (in.rank != 3) {
    d.blame(FaultKind::image_expected, {}, in);
    return in;
  }
  if (pad.h > k.h - pad.h) d.blame(FaultKind::pool_pad, {}, {}, pad.h, k.h);
  if (pad.w > k.w - pad.w) d.blame(FaultKind::pool_pad, {}, {}, pad.w, k.w);
  const i64 h = pooled(in.h(), k.h, stride.h, pad.h, dilation.h, ceil_mode);
  const i64 w = pooled(in.w(), k.w, stride.w, pad.w, dilation.w, ceil_mode);
  if (h < 1 || w < 1 || some_window_empty(in.h(), h, k.h, stride.h, pad.h, dilation.h) ||
      some_window_empty(in.w(), w, k.w, stride.w, pad.w, dilation.w)) {
    d.blame(FaultKind::window, Shape{k.h, k.w, 0}, in);
    return {in.c(), 1, 1};
  }
  return sized(d, in.c(), h, w);
}
}  // namespace detail

// The largest value of each window; padding never wins. Options: Stride (default: the window), Pad, Dilation, CeilMode.
template <auto K, class... Options>
struct MaxPool : NoState {
  using Op = MaxPoolOp;
  static constexpr Traits traits{.role = Role::max_pool, .keeps_input = true};
  static constexpr Size kernel{K};
  static constexpr Size stride = detail::option_or<Option::stride, Options...>(kernel);
  static constexpr Size pad = detail::option_or<Option::pad, Options...>(0);
  static constexpr Size dilation = detail::option_or<Option::dilation, Options...>(1);
  static constexpr bool ceil_mode = detail::option_or<Option::ceil_mode, Options...>(0).h != 0;

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    detail::check_options<Options...>(
        d, detail::option_set(Option::stride, Option::pad, Option::dilation, Option::ceil_mode));
    return detail::infer_pool(in, d, kernel, stride, pad, dilation, ceil_mode);
  }
  static constexpr MaxPoolOp op(Shape in, Shape out) {
    return {in.c(),   in.h(),   in.w(), out.h(), out.w(),    kernel.h,  kernel.w,
            stride.h, stride.w, pad.h,  pad.w,   dilation.h, dilation.w};
  }
};

// The mean of each window. Padding counts as zeros unless ExcludePad. Options: Stride (default: the window), Pad,
// CeilMode, ExcludePad.
template <auto K, class... Options>
struct AvgPool : NoState {
  using Op = AvgPoolOp;
  static constexpr Traits traits{};
  static constexpr Size kernel{K};
  static constexpr Size stride = detail::option_or<Option::stride, Options...>(kernel);
  static constexpr Size pad = detail::option_or<Option::pad, Options...>(0);
  static constexpr bool ceil_mode = detail::option_or<Option::ceil_mode, Options...>(0).h != 0;
  static constexpr bool count_include_pad = detail::option_or<Option::exclude_pad, Options...>(0).h == 0;

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    detail::check_options<Options...>(
        d, detail::option_set(Option::stride, Option::pad, Option::ceil_mode, Option::exclude_pad));
    return detail::infer_pool(in, d, kernel, stride, pad, 1, ceil_mode);
  }
  static constexpr AvgPoolOp op(Shape in, Shape out) {
    return {in.c(),   in.h(),   in.w(),   out.h(), out.w(), kernel.h,
            kernel.w, stride.h, stride.w, pad.h,   pad.w,   count_include_pad};
  }
};

// The mean of P x Q cells that cover the image: cell p spans rows floor(p H / P) .. ceil((p + 1) H / P) - 1.
template <int P, int Q = P>
struct AdaptiveAvgPool : NoState {
  using Op = AdaptiveAvgPoolOp;
  static constexpr Traits traits{};

  static constexpr Shape infer(Shape in, Diagnosis& d) {
    if (!detail::all_positive(d, detail::Given{words::output_size, P}, detail::Given{words::output_size, Q})) return in;
    if (in.rank != 3) {
      d.blame(FaultKind::image_expected, {}, in);
      return in;
    }
    return detail::sized(d, in.c(), P, Q);
  }
  static constexpr AdaptiveAvgPoolOp op(Shape in, Shape out) { return {in.c(), in.h(), in.w(), out.h(), out.w()}; }
};

// (C, H, W) -> (C, 1, 1), the mean of each plane.
struct GlobalAvgPool : AdaptiveAvgPool<1> {};

}  // namespace ctnet
