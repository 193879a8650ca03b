// SPDX-License-Identifier: MIT
// CrossEntropy: softmax and negative log likelihood in one, as PyTorch's. Logits (N, C) with N labels, (N, C, H, W)
// with N * H * W labels, or (C) with one. With class weights w, smoothing e and W = sum of w(label) over the rows not
// ignored
//   value = 1/W sum over rows of  (1 - e) w(label) (-log p(label)) + e/C sum over c of w(c) (-log p(c)),  p =
//   softmax(x)
// Or with class probabilities y of float or double, in the logits' shape (soft targets: mixup, cutmix, distillation):
//   value = 1/rows sum over rows and c of  w(c) ((1 - e) y(c) + e/C) (-log p(c))
// where, as PyTorch has it, the mean is over rows whatever the weights, and none is ignored.
#pragma once

#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "cpu.hpp"
#include "labels.hpp"
#include "reference.hpp"

namespace ctnet {

struct CrossEntropy {
  double label_smoothing = 0;          // in [0, 1]
  std::vector<float> class_weights{};  // C of them, or none
  long long ignore_index = -100;       // rows with this label count for nothing; where all do, the mean is NaN
  Reduction reduction = Reduction::mean;

  static constexpr const char* name = "CrossEntropy";
  static constexpr bool takes_probabilities = true;  // floating targets are those of classes

  // .value and .gradient = d value / d logits. Throws Error where labels and logits do not go together.
  template <detail::LogitsLike X, LabelsLike Y>
  LossResult<scalar_of<X>> operator()(const X& logits, const Y& labels) const {
    return detail::evaluate_loss(*this, logits, labels, static_cast<std::size_t>(labels.size()));
  }
  template <detail::LogitsLike X, ProbabilitiesLike Y>
  LossResult<scalar_of<X>> operator()(const X& logits, const Y& probabilities) const {
    return detail::evaluate_loss(*this, logits, probabilities, rows_of<X>(probabilities));
  }
  // Anything else is the one error that says what a loss takes.
  template <class X, class Y>
  LossResult<float> operator()(const X&, const Y&) const {
    return detail::no_loss<CrossEntropy, X, Y>();
  }
  // Unreduced: values (N) or (N, H, W), 0 where a row is ignored.
  template <detail::LogitsLike X, LabelsLike Y>
  LossValues<scalar_of<X>> each(const X& logits, const Y& labels) const {
    return detail::each_value(*this, logits, labels, static_cast<std::size_t>(labels.size()), detail::ValueOf::row);
  }
  template <detail::LogitsLike X, ProbabilitiesLike Y>
  LossValues<scalar_of<X>> each(const X& logits, const Y& probabilities) const {
    return detail::each_value(*this, logits, probabilities, rows_of<X>(probabilities), detail::ValueOf::row);
  }
  template <class X, class Y>
  LossValues<float> each(const X&, const Y&) const {
    return detail::no_values<CrossEntropy, X, Y>();
  }

  // The same into the caller's memory, without allocating.
  template <detail::LossScalar T, TensorLike Y>
    requires(LabelsLike<Y> || ProbabilitiesLike<Y>)
  std::remove_const_t<T> compute(const View<T>& logits, const Y& targets,
                                 std::type_identity_t<Run<std::remove_const_t<T>>> gradient,
                                 cpu::Threads threads = {}) const {
    const cpu::FlushDenormals denormals;
    check(logits, targets);
    detail::check_gradient(name, logits, gradient.size());
    const LossExtents d = detail::loss_extents(logits);
    if (d.s != 1) return plain(logits, targets, gradient.data(), reduction);
    const double over = reduction == Reduction::sum ? 1 : total_weight(logits, targets);
    const auto numbers = dense(targets, name);
    if constexpr (LabelsLike<Y>)
      return by_labels(logits.data(), numbers.data(), gradient.data(), d, over, threads);
    else
      return by_probabilities(logits.data(), numbers.data(), gradient.data(), d, over, threads);
  }
  template <class T, class Y>
  std::remove_const_t<T> compute(const View<T>&, const Y&, std::type_identity_t<Run<std::remove_const_t<T>>>,
                                 cpu::Threads = {}) const {
    return static_cast<std::remove_const_t<T>>(detail::no_loss<CrossEntropy, View<T>, Y>().value);
  }

  // The sum of w(label) over the rows not ignored; with probabilities the number of rows.
  template <class T, TensorLike Y>
  double total_weight(const View<T>& logits, const Y& targets) const {
    const LossExtents d = detail::loss_extents(logits);
    if constexpr (LabelsLike<Y>)
      return detail::weight_of_rows(dense(targets, name).data(), d.n * d.s, class_weights, ignore_index);
    else
      return static_cast<double>(d.n * d.s);
  }

  // Only the shape of the logits counts.
  template <class T, TensorLike Y>
  void check(const View<T>& logits, const Y& targets) const {
    detail::check_class_weights(name, class_weights, detail::loss_extents(logits));
    if (!(label_smoothing >= 0 && label_smoothing <= 1))
      fail(name, ": label_smoothing is ", label_smoothing, ", expected 0 to 1");
    if constexpr (LabelsLike<Y>)
      detail::check_labels(name, logits, targets, ignore_index);
    else
      detail::check_probabilities(name, logits, targets);
  }

  // In plain loops, options and tensors having been checked.
  template <detail::LossScalar T, TensorLike Y>
  std::remove_const_t<T> plain(const View<T>& logits, const Y& targets, std::remove_const_t<T>* gradient, Reduction how,
                               std::remove_const_t<T>* values = nullptr) const {
    const LossExtents d = detail::loss_extents(logits);
    const auto of = [this](std::size_t c) { return weight(c); };
    const auto numbers = dense(targets, name);
    if constexpr (LabelsLike<Y>)
      return reference::cross_entropy(logits.data(), numbers.data(), gradient, d, of, label_smoothing, ignore_index,
                                      how, values);
    else
      return reference::soft_cross_entropy(logits.data(), numbers.data(), gradient, d, of, label_smoothing, how,
                                           values);
  }

 private:
  double weight(std::size_t c) const { return detail::class_weight(class_weights, c); }

  template <class X, class Y>
  static std::size_t rows_of(const Y& probabilities) {
    constexpr bool known =
        detail::HasShape<X> || detail::HasShape<Y> || detail::EigenMatrix<X> || detail::EigenMatrix<Y>;
    static_assert(known,
                  "CrossEntropy of class probabilities: neither logits nor targets say how many classes they have; "
                  "pass a tensor with a shape (N, C)");
    if constexpr (detail::HasShape<Y>)
      return detail::shape_of(probabilities).size() > 1
                 ? static_cast<std::size_t>(*detail::shape_of(probabilities).begin())
                 : 1;
    else if constexpr (detail::EigenMatrix<Y>)
      return detail::layout_of(probabilities).dims[0];
    else
      return 0;
  }

  // One softmax per row on the CPU target's vectors: 128 x 1000 floats in 81 us with AVX-512, 98 with AVX2, 268
  // without; the plain loops take 2.3 ms. 4 x 10: 0.5 us, 0.8 the plain loops. (Zen 4, g++ 12 -O2, 2026.)
  template <class T, class Label>
  T by_labels(const T* x, const Label* y, T* g, const LossExtents& d, double over, cpu::Threads threads) const {
    double weights = 0;
    if (label_smoothing > 0)
      for (std::size_t c = 0; c < d.c; ++c) weights += weight(c);
    const double each = label_smoothing / static_cast<double>(d.c);
    const auto softmax_row = CTNET_PICK(softmax_row<T>);
    const auto row = [&](const T* xs, T* gs, std::size_t own) {
      const double hit = (1 - label_smoothing) * weight(own);
      T largest{};
      const double log_sum = softmax_row(xs, gs, d.c, (hit + each * weights) / over, largest);
      const auto cost = [&](std::size_t c) {
        return log_sum + (static_cast<double>(largest) - static_cast<double>(xs[c]));
      };
      double value = hit != 0 ? hit * cost(own) : 0.0;
      gs[own] -= static_cast<T>(hit / over);
      if (label_smoothing > 0)
        for (std::size_t c = 0; c < d.c; ++c) {
          const double t = each * weight(c);
          if (t != 0) value += t * cost(c);
          gs[c] -= static_cast<T>(t / over);
        }
      return value;
    };
    const double value = detail::sum_over(threads, d.n, d.c, [&](std::size_t from, std::size_t to) {
      double sum = 0;
      for (std::size_t n = from; n < to; ++n)
        if (static_cast<long long>(y[n]) == ignore_index)
          std::fill_n(g + n * d.c, d.c, T{0});
        else
          sum += row(x + n * d.c, g + n * d.c, static_cast<std::size_t>(y[n]));
      return sum;
    });
    return static_cast<T>(value / over);
  }

  // The same with class probabilities.
  template <class T, class P>
  T by_probabilities(const T* x, const P* y, T* g, const LossExtents& d, double over, cpu::Threads threads) const {
    const double each = label_smoothing / static_cast<double>(d.c);
    const auto softmax_row = CTNET_PICK(softmax_row<T>);
    const auto row = [&](const T* xs, const P* ys, T* gs) {
      const auto t = [&](std::size_t c) {
        return weight(c) * ((1 - label_smoothing) * static_cast<double>(ys[c]) + each);
      };
      double total = 0, value = 0;
      for (std::size_t c = 0; c < d.c; ++c) total += t(c);
      T largest{};
      const double log_sum = softmax_row(xs, gs, d.c, total / over, largest);
      for (std::size_t c = 0; c < d.c; ++c) {
        if (t(c) != 0) value += t(c) * (log_sum + (static_cast<double>(largest) - static_cast<double>(xs[c])));
        gs[c] -= static_cast<T>(t(c) / over);
      }
      return value;
    };
    const double value = detail::sum_over(threads, d.n, d.c, [&](std::size_t from, std::size_t to) {
      double sum = 0;
      for (std::size_t n = from; n < to; ++n) sum += row(x + n * d.c, y + n * d.c, g + n * d.c);
      return sum;
    });
    return static_cast<T>(value / over);
  }
};

}  // namespace ctnet
