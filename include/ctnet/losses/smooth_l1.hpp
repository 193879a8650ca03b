// SPDX-License-Identifier: MIT
// SmoothL1, as PyTorch's: with d = x - y,  value = mean of  d^2 / (2 beta) where |d| < beta, else |d| - beta / 2.
// beta = 0 is the mean absolute error. Girshick, "Fast R-CNN", 2015. Targets: as many as the predictions, same type.
#pragma once

#include <span>
#include <type_traits>

#include "cpu.hpp"
#include "reference.hpp"
#include "result.hpp"

namespace ctnet {

struct SmoothL1 {
  double beta = 1;
  Reduction reduction = Reduction::mean;

  static constexpr const char* name = "SmoothL1";
  static constexpr bool targets_like_logits = true;  // of their type, not class labels

  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossResult<scalar_of<X>> operator()(const X& predictions, const Y& targets) const {
    return detail::evaluate_loss(*this, predictions, targets, 0);
  }
  // Anything else is the one error that says what a loss takes.
  template <class X, class Y>
  LossResult<float> operator()(const X&, const Y&) const {
    return detail::no_loss<SmoothL1, X, Y>();
  }

  // Unreduced, in the shape of the predictions.
  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossValues<scalar_of<X>> each(const X& predictions, const Y& targets) const {
    return detail::each_value(*this, predictions, targets, 0, detail::ValueOf::element);
  }
  template <class X, class Y>
  LossValues<float> each(const X&, const Y&) const {
    return detail::no_values<SmoothL1, X, Y>();
  }

  template <detail::LossScalar T, detail::TargetsOf<T> Y>
  std::remove_const_t<T> compute(const View<T>& predictions, const Y& targets,
                                 std::type_identity_t<Run<std::remove_const_t<T>>> gradient,
                                 cpu::Threads threads = {}) const {
    const cpu::FlushDenormals denormals;
    using S = std::remove_const_t<T>;
    check(predictions, targets);
    const auto numbers = dense(targets, name);
    detail::check_gradient(name, predictions, gradient.size());
    const double n = reduction == Reduction::sum ? 1 : static_cast<double>(predictions.size());
    const double sum = detail::sum_over(threads, predictions.size(), 1, [&](std::size_t from, std::size_t to) {
      return CTNET_PICK(smooth_l1<S>)(predictions.data() + from, numbers.data() + from, gradient.data() + from,
                                      to - from, 1 / n, beta);
    });
    return static_cast<S>(sum / n);
  }
  template <class T, class Y>
  std::remove_const_t<T> compute(const View<T>&, const Y&, std::type_identity_t<Run<std::remove_const_t<T>>>,
                                 cpu::Threads = {}) const {
    return static_cast<std::remove_const_t<T>>(detail::no_loss<SmoothL1, View<T>, Y>().value);
  }

  template <class T, TensorLike Y>
  double total_weight(const View<T>& predictions, const Y&) const {
    return static_cast<double>(predictions.size());
  }

  // Only the shape of the predictions counts.
  template <class T, TensorLike Y>
  void check(const View<T>& predictions, const Y& targets) const {
    detail::check_option(name, "beta", beta, beta >= 0, "0 or more");
    detail::check_target_shape(name, predictions, targets);
  }

  // In plain loops, options and tensors having been checked.
  template <detail::LossScalar T, detail::TargetsOf<T> Y>
  std::remove_const_t<T> plain(const View<T>& predictions, const Y& targets, std::remove_const_t<T>* gradient,
                               Reduction how, std::remove_const_t<T>* values = nullptr) const {
    const auto numbers = dense(targets, name);
    return reference::smooth_l1(predictions.data(), numbers.data(), gradient, predictions.size(), beta, how, values);
  }
};

}  // namespace ctnet
