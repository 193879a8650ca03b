// SPDX-License-Identifier: MIT
// What the losses of class labels share: weights of the classes, rows that are ignored, labels that are no class.
#pragma once

#include <concepts>
#include <vector>

#include "result.hpp"

namespace ctnet {

// Labels of any integer type: std::vector<int>, std::span, an xtensor.
template <class Y>
concept LabelsLike = TensorLike<Y> && std::integral<scalar_of<Y>>;

// Class probabilities, float or double.
template <class Y>
concept ProbabilitiesLike = TensorLike<Y> && std::floating_point<scalar_of<Y>>;

// Losses of classes that take probabilities in the place of labels say so.
template <class Loss>
concept TakesProbabilities = requires { Loss::takes_probabilities; };

namespace detail {

inline double class_weight(const std::vector<float>& weights, std::size_t c) {
  return weights.empty() ? 1.0 : static_cast<double>(weights[c]);
}

// The sum of w(label) over the rows not ignored.
template <class Label>
double weight_of_rows(const Label* y, std::size_t rows, const std::vector<float>& weights, long long ignore) {
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i)
    if (static_cast<long long>(y[i]) != ignore) sum += class_weight(weights, static_cast<std::size_t>(y[i]));
  return sum;
}

inline void check_class_weights(const char* loss, const std::vector<float>& weights, const LossExtents& d) {
  if (!weights.empty() && weights.size() != d.c)
    fail(loss, ": ", weights.size(), " class weights, the logits have ", d.c, " classes");
  check_weights(loss, "class_weights", weights);
}
template <class T, LabelsLike Y>
void check_labels(const char* loss, const View<T>& logits, const Y& labels, long long ignore) {
  const LossExtents d = loss_extents(logits);
  const auto count = static_cast<std::size_t>(labels.size());
  if (count != d.n * d.s) fail(loss, ": ", count, " labels, logits ", words_of(logits.shape()), " take ", d.n * d.s);
  const auto numbers = dense(labels, loss);
  const auto* y = numbers.data();
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<long long>(y[i]);
    if (label == ignore || (label >= 0 && static_cast<unsigned long long>(label) < d.c)) continue;
    if (d.s == 1) fail(loss, ": label ", label, " at row ", i, ", classes ", d.c);
    fail(loss, ": label ", label, " at image ", i / d.s, ", place ", i % d.s, ", classes ", d.c);
  }
}
// As many as the logits, in the same shape where both say one, and none of them negative or no number.
template <class T, ProbabilitiesLike Y>
void check_probabilities(const char* loss, const View<T>& logits, const Y& targets) {
  check_target_shape(loss, logits, targets);
  const LossExtents d = loss_extents(logits);
  const auto numbers = dense(targets, loss);
  const auto* y = numbers.data();
  for (std::size_t i = 0; i < d.n * d.c * d.s; ++i)
    if (!(y[i] >= 0) || !is_finite(static_cast<double>(y[i])))
      fail(loss, ": the target of row ", i / (d.c * d.s), ", class ", i / d.s % d.c, " is ", y[i],
           ", expected 0 or more and finite");
}

}  // namespace detail
}  // namespace ctnet
