// SPDX-License-Identifier: MIT
// BinaryCrossEntropyWithLogits, as PyTorch's BCEWithLogitsLoss: with p = sigmoid(x),
//   value = mean over all elements of  -weight(c) (pos_weight(c) y log p + (1 - y) log(1 - p))
// Logits (N, C) or (N, C, H, W), targets y in [0, 1] as many and of the same type. weight and pos_weight hold nothing
// (1), one number for all, or one for each class c (dimension 1; the only dimension of a vector).
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "cpu.hpp"
#include "reference.hpp"
#include "result.hpp"

namespace ctnet {

namespace detail {
// One number for all classes, or one for each; 1 where there are none.
struct WeightOf {
  const std::vector<float>& w;
  double operator()(std::size_t c) const { return w.empty() ? 1.0 : static_cast<double>(w[w.size() == 1 ? 0 : c]); }
};
}  // namespace detail

struct BinaryCrossEntropyWithLogits {
  std::vector<float> pos_weight{};
  std::vector<float> weight{};
  Reduction reduction = Reduction::mean;

  static constexpr const char* name = "BinaryCrossEntropyWithLogits";
  static constexpr bool targets_like_logits = true;  // of their type, not class labels

  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossResult<scalar_of<X>> operator()(const X& logits, const Y& targets) const {
    return detail::evaluate_loss(*this, logits, targets, 0);
  }
  // Anything else is the one error that says what a loss takes.
  template <class X, class Y>
  LossResult<float> operator()(const X&, const Y&) const {
    return detail::no_loss<BinaryCrossEntropyWithLogits, X, Y>();
  }

  // Unreduced, in the shape of the logits.
  template <detail::LogitsLike X, detail::TargetsOf<scalar_of<X>> Y>
  LossValues<scalar_of<X>> each(const X& logits, const Y& targets) const {
    return detail::each_value(*this, logits, targets, 0, detail::ValueOf::element);
  }
  template <class X, class Y>
  LossValues<float> each(const X&, const Y&) const {
    return detail::no_values<BinaryCrossEntropyWithLogits, X, Y>();
  }

  template <detail::LossScalar T, detail::TargetsOf<T> Y>
  std::remove_const_t<T> compute(const View<T>& logits, const Y& targets,
                                 std::type_identity_t<Run<std::remove_const_t<T>>> gradient,
                                 cpu::Threads threads = {}) const {
    const cpu::FlushDenormals denormals;
    using S = std::remove_const_t<T>;
    check(logits, targets);
    const auto numbers = dense(targets, name);
    detail::check_gradient(name, logits, gradient.size());
    if (pos_weight.size() > 1 || weight.size() > 1) return plain(logits, targets, gradient.data(), reduction);
    const double scale =
        detail::WeightOf{weight}(0) / (reduction == Reduction::sum ? 1.0 : static_cast<double>(logits.size()));
    const double sum = detail::sum_over(threads, logits.size(), 1, [&](std::size_t from, std::size_t to) {
      return CTNET_PICK(bce_with_logits<S>)(logits.data() + from, numbers.data() + from, gradient.data() + from,
                                            to - from, scale, detail::WeightOf{pos_weight}(0));
    });
    return static_cast<S>(scale * sum);
  }
  template <class T, class Y>
  std::remove_const_t<T> compute(const View<T>&, const Y&, std::type_identity_t<Run<std::remove_const_t<T>>>,
                                 cpu::Threads = {}) const {
    return static_cast<std::remove_const_t<T>>(detail::no_loss<BinaryCrossEntropyWithLogits, View<T>, Y>().value);
  }

  template <class T, TensorLike Y>
  double total_weight(const View<T>& logits, const Y&) const {
    return static_cast<double>(logits.size());
  }

  // Only the shape of the logits counts.
  template <class T, TensorLike Y>
  void check(const View<T>& logits, const Y& targets) const {
    detail::check_target_shape(name, logits, targets);
    const std::size_t classes = detail::loss_extents(logits).c;
    check_weights("pos_weight", pos_weight, classes);
    check_weights("weight", weight, classes);
  }

  // In plain loops, options and tensors having been checked.
  template <detail::LossScalar T, detail::TargetsOf<T> Y>
  std::remove_const_t<T> plain(const View<T>& logits, const Y& targets, std::remove_const_t<T>* gradient, Reduction how,
                               std::remove_const_t<T>* values = nullptr) const {
    const auto numbers = dense(targets, name);
    return reference::bce_with_logits(logits.data(), numbers.data(), gradient, detail::loss_extents(logits),
                                      detail::WeightOf{weight}, detail::WeightOf{pos_weight}, how, values);
  }

 private:
  static void check_weights(const char* what, const std::vector<float>& w, std::size_t classes) {
    if (w.size() > 1 && w.size() != classes)
      fail(name, ": ", what, " has ", w.size(), " numbers, expected none, one or one for each of ", classes,
           " classes");
    detail::check_weights(name, what, w);
  }
};

}  // namespace ctnet
