// SPDX-License-Identifier: MIT
// NLLLoss, as PyTorch's: CrossEntropy for who has logarithms of probabilities already. x (N, C) with N labels,
// (N, C, H, W) with N * H * W labels, or (C) with one. With class weights w and W = sum of w(label) over the rows not
// ignored
//   value = 1/W sum over rows of  -w(label) x(label)
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "cpu.hpp"
#include "labels.hpp"
#include "reference.hpp"

namespace ctnet {

struct NLLLoss {
  std::vector<float> class_weights{};  // C of them, or none
  long long ignore_index = -100;       // rows with this label count for nothing; where all do, the mean is NaN
  Reduction reduction = Reduction::mean;

  static constexpr const char* name = "NLLLoss";

  template <detail::LogitsLike X, LabelsLike Y>
  LossResult<scalar_of<X>> operator()(const X& log_probabilities, const Y& labels) const {
    return detail::evaluate_loss(*this, log_probabilities, labels, static_cast<std::size_t>(labels.size()));
  }
  // Anything else is the one error that says what a loss takes.
  template <class X, class Y>
  LossResult<float> operator()(const X&, const Y&) const {
    return detail::no_loss<NLLLoss, X, Y>();
  }
  // Unreduced: values (N) or (N, H, W), 0 where a row is ignored.
  template <detail::LogitsLike X, LabelsLike Y>
  LossValues<scalar_of<X>> each(const X& log_probabilities, const Y& labels) const {
    return detail::each_value(*this, log_probabilities, labels, static_cast<std::size_t>(labels.size()),
                              detail::ValueOf::row);
  }
  template <class X, class Y>
  LossValues<float> each(const X&, const Y&) const {
    return detail::no_values<NLLLoss, X, Y>();
  }

  template <detail::LossScalar T, LabelsLike Y>
  std::remove_const_t<T> compute(const View<T>& x, const Y& labels,
                                 std::type_identity_t<Run<std::remove_const_t<T>>> gradient) const {
    const cpu::FlushDenormals denormals;
    check(x, labels);
    detail::check_gradient(name, x, gradient.size());
    return plain(x, labels, gradient.data(), reduction);
  }
  template <class T, class Y>
  std::remove_const_t<T> compute(const View<T>&, const Y&, std::type_identity_t<Run<std::remove_const_t<T>>>) const {
    return static_cast<std::remove_const_t<T>>(detail::no_loss<NLLLoss, View<T>, Y>().value);
  }
  template <class T, LabelsLike Y>
  double total_weight(const View<T>&, const Y& labels) const {
    return detail::weight_of_rows(dense(labels, name).data(), static_cast<std::size_t>(labels.size()), class_weights,
                                  ignore_index);
  }
  // Only the shape of x counts.
  template <class T, LabelsLike Y>
  void check(const View<T>& x, const Y& labels) const {
    detail::check_class_weights(name, class_weights, detail::loss_extents(x));
    detail::check_labels(name, x, labels, ignore_index);
  }

  // In plain loops, options and tensors having been checked.
  template <detail::LossScalar T, LabelsLike Y>
  std::remove_const_t<T> plain(const View<T>& x, const Y& labels, std::remove_const_t<T>* gradient, Reduction how,
                               std::remove_const_t<T>* values = nullptr) const {
    const auto numbers = dense(labels, name);
    return reference::nll(
        x.data(), numbers.data(), gradient, detail::loss_extents(x),
        [this](std::size_t c) { return detail::class_weight(class_weights, c); }, ignore_index, how, values);
  }
};

}  // namespace ctnet
