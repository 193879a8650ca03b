// SPDX-License-Identifier: MIT
// MeanSquaredError: value = mean over all elements of (x - y)^2, as PyTorch's MSELoss; with .half = true half of that,
// the textbooks' 1/2 (x - y)^2, whose gradient is (x - y) / n. Targets: as many as the predictions, of the same type.
#pragma once

#include <span>
#include <type_traits>

#include "cpu.hpp"
#include "reference.hpp"
#include "result.hpp"

namespace ctnet {

struct MeanSquaredError {
  bool half = false;
  Reduction reduction = Reduction::mean;

  static constexpr const char* name = "MeanSquaredError";
  static constexpr bool targets_like_logits = true;  // of their type, not class labels

  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossResult<scalar_of<X>> operator()(const X& predictions, const Y& targets) const {
    return detail::evaluate_loss(*this, predictions, targets, 0);
  }
  // Anything else is the one error that says what a loss takes.
  template <class X, class Y>
  LossResult<float> operator()(const X&, const Y&) const {
    return detail::no_loss<MeanSquaredError, X, Y>();
  }

  // Unreduced, in the shape of the predictions.
  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossValues<scalar_of<X>> each(const X& predictions, const Y& targets) const {
    return detail::each_value(*this, predictions, targets, 0, detail::ValueOf::element);
  }
  template <class X, class Y>
  LossValues<float> each(const X&, const Y&) const {
    return detail::no_values<MeanSquaredError, X, Y>();
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
    const double scale = scale_of(predictions.size(), reduction);
    const double sum = detail::sum_over(threads, predictions.size(), 1, [&](std::size_t from, std::size_t to) {
      return CTNET_PICK(squared_error<S>)(predictions.data() + from, numbers.data() + from, gradient.data() + from,
                                          to - from, 2 * scale);
    });
    return static_cast<S>(scale * sum);
  }
  template <class T, class Y>
  std::remove_const_t<T> compute(const View<T>&, const Y&, std::type_identity_t<Run<std::remove_const_t<T>>>,
                                 cpu::Threads = {}) const {
    return static_cast<std::remove_const_t<T>>(detail::no_loss<MeanSquaredError, View<T>, Y>().value);
  }

  template <class T, TensorLike Y>
  double total_weight(const View<T>& predictions, const Y&) const {
    return static_cast<double>(predictions.size());
  }

  // Only the shape of the predictions counts.
  template <class T, TensorLike Y>
  void check(const View<T>& predictions, const Y& targets) const {
    detail::check_target_shape(name, predictions, targets);
  }

  // In plain loops, options and tensors having been checked.
  template <detail::LossScalar T, detail::TargetsOf<T> Y>
  std::remove_const_t<T> plain(const View<T>& predictions, const Y& targets, std::remove_const_t<T>* gradient,
                               Reduction how, std::remove_const_t<T>* values = nullptr) const {
    const auto numbers = dense(targets, name);
    return reference::squared_error(predictions.data(), numbers.data(), gradient, predictions.size(),
                                    scale_of(predictions.size(), how), values);
  }

 private:
  double scale_of(std::size_t n, Reduction how) const {
    return (half ? 0.5 : 1.0) / (how == Reduction::sum ? 1.0 : static_cast<double>(n));
  }
};

}  // namespace ctnet
