// SPDX-License-Identifier: MIT
// MaxPool<K>, AvgPool<K>, AdaptiveAvgPool<P, Q>, GlobalAvgPool: PyTorch's MaxPool2d, AvgPool2d, AdaptiveAvgPool2d.
#pragma once

#include "../../core/options.hpp"
#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

namespace detail {
// Output length of a pool along one side, as PyTorch rounds it: with ceil_mode the last window must start inside the
// image or its left padding.
constexpr int pooled(int in, int window_, int stride, int pad_, int dilation, bool ceil_mode) {
  const int span = in + 2 * pad_ - dilation * (window_ - 1) - 1;
  int out = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (out - 1) * stride >= in + pad_) --out;
  return out;
}
// Whether a dilated window lies with all its pixels in the padding.
constexpr bool some_window_empty(int in, int out, int window_, int stride, int pad_, int dilation) {
  for (int p = 0; dilation > 1 && p < out; ++p) {
    int y = p * stride - pad_, r = 0;
    for (; r < window_ && y < 0; ++r) y += dilation;
    if (r == window_ || y >= in) return true;
  }
  return false;
}
constexpr Shape infer_pool(Shape in, Diagnosis& d, Size k, Size stride, Size pad_, Size dilation, bool ceil_mode) {
  if (!all_positive(d, k.h, k.w, stride.h, stride.w, dilation.h, dilation.w, pad_.h + 1, pad_.w + 1)) return in;
  if (in.rank != 3) {
    d.blame(FaultKind::image_expected, {}, in);
    return in;
  }
  if (2 * pad_.h > k.h) d.blame(FaultKind::pool_pad, {}, {}, pad_.h, k.h);
  if (2 * pad_.w > k.w) d.blame(FaultKind::pool_pad, {}, {}, pad_.w, k.w);
  if (in.h() + 2 * pad_.h < dilation.h * (k.h - 1) + 1 || in.w() + 2 * pad_.w < dilation.w * (k.w - 1) + 1) {
    d.blame(FaultKind::window, Shape{k.h, k.w, 0}, in);
    return {in.c(), 1, 1};
  }
  const Shape out{in.c(), pooled(in.h(), k.h, stride.h, pad_.h, dilation.h, ceil_mode),
                  pooled(in.w(), k.w, stride.w, pad_.w, dilation.w, ceil_mode)};
  if (some_window_empty(in.h(), out.h(), k.h, stride.h, pad_.h, dilation.h) ||
      some_window_empty(in.w(), out.w(), k.w, stride.w, pad_.w, dilation.w))
    d.blame(FaultKind::window, Shape{k.h, k.w, 0}, in);
  return out;
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
    if (!detail::all_positive(d, P, Q)) return in;
    if (in.rank != 3) {
      d.blame(FaultKind::image_expected, {}, in);
      return in;
    }
    return {in.c(), P, Q};
  }
  static constexpr AdaptiveAvgPoolOp op(Shape in, Shape out) { return {in.c(), in.h(), in.w(), out.h(), out.w()}; }
};

// (C, H, W) -> (C, 1, 1), the mean of each plane.
struct GlobalAvgPool : AdaptiveAvgPool<1> {};

}  // namespace ctnet
