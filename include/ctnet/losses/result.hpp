// SPDX-License-Identifier: MIT
// What every loss shares: its result (a value and the gradient to hand to backward), and how it takes its tensors.
// A loss is an aggregate of options with
//   loss(logits, targets) -> LossResult                      owns the gradient; its memory is used again (memory.hpp)
//   loss.each(logits, targets) -> LossValues                 unreduced, PyTorch's reduction 'none'
//   loss.compute(view, targets, gradient) -> value           writes d value / d logits into the caller's memory
//   loss.total_weight(view, targets) -> double               what the mean is taken over: it times the mean is a sum
//                                                            over batches. 0 where nothing counts; the mean is NaN
//                                                            then
//   loss.check(view, targets)                                throws what these throw; for who computes it elsewhere
// A caller's own loss needs compute alone; its value counts as a mean over the images then. Denormals count as zeros in
// either, as in a network's step on the CPU.
#pragma once

#include <algorithm>
#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "../backends/cpu/threads.hpp"
#include "../core/check.hpp"
#include "../core/finite.hpp"
#include "../core/tensor.hpp"
#include "extents.hpp"
#include "memory.hpp"

namespace ctnet {

// A tensor that owns its memory; convertible to whatever a View converts to.
template <class T>
class LossTensor {
 public:
  using value_type = T;

  LossTensor() = default;
  explicit LossTensor(const View<const T>& like) : values_(like.size()), rank_(like.rank()) {
    std::copy(like.shape().begin(), like.shape().end(), dims_.begin());
  }
  const T* data() const { return values_.data(); }
  T* data() { return values_.data(); }
  std::size_t size() const { return values_.size(); }
  std::span<const std::size_t> shape() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  View<const T> view() const { return {data(), rank_, dims_}; }
  operator View<const T>() const { return view(); }
  template <class X>
    requires(!std::is_same_v<X, View<const T>> && std::is_convertible_v<View<const T>, X>)
  operator X() const {
    return view();
  }

 private:
  detail::LossMemory<T> values_;
  int rank_ = 0;
  std::array<std::size_t, 4> dims_{};
};

template <class T>
using LossGradient = LossTensor<T>;  // in the shape of the logits

template <class T>
struct LossResult {
  T value{};
  LossGradient<T> gradient;  // d value / d logits
};

// What the value is made of, before it is a mean or a sum: of losses of class labels a number for each row, (N) or
// (N, H, W); of the others one for each element. A value depends on its own row (or element) alone, so that the
// gradient of any weighting of them is this one with its rows weighted.
template <class T>
struct LossValues {
  LossTensor<T> values;
  LossTensor<T> gradient;  // d values(row) / d logits(row), in the shape of the logits
};

// One mean over many batches, whatever their sizes.
struct LossTotal {
  double sum = 0, weight = 0;

  // A batch's mean and what it is taken over. Where nothing counts there is no mean, and nothing to add.
  void add(double mean, double over) {
    if (over == 0) return;
    sum += mean * over;
    weight += over;
  }
  bool empty() const { return weight == 0; }
  double mean() const { return sum / weight; }
};

// How a loss is computed on a backend. A backend whose tensors lie elsewhere (on a GPU) specialises this; on the host
// all take the loss's own compute, which goes through the CPU targets; on a backend with threads the one that takes
// cpu::Threads, where the loss has it.
template <class Loss, class Backend>
struct LossKernel {
  template <class T, class Targets>
  static auto compute(const Loss& loss, const View<T>& logits, const Targets& targets,
                      std::span<std::remove_const_t<T>> gradient) {
    [[maybe_unused]] const cpu::DenormalsOf<Backend> denormals;
    if constexpr (cpu::has_threads<Backend>() &&
                  requires { loss.compute(logits, targets, gradient, cpu::Threads{true}); })
      return loss.compute(logits, targets, gradient, cpu::Threads{true});
    else
      return loss.compute(logits, targets, gradient);
  }
};

namespace detail {

template <class T>
concept LossScalar = std::is_same_v<std::remove_const_t<T>, float> || std::is_same_v<std::remove_const_t<T>, double>;
template <class X>
concept LogitsLike = TensorLike<X> && LossScalar<scalar_of<X>>;
// Targets of the losses that go element by element.
template <class Y, class T>
concept TargetsOf = TensorLike<Y> && std::is_same_v<scalar_of<Y>, std::remove_const_t<T>>;

template <class Loss, class T, class Targets>
double total_weight(const Loss& loss, const View<T>& logits, const Targets& targets) {
  if constexpr (requires { loss.total_weight(logits, targets); })
    return loss.total_weight(logits, targets);
  else
    return static_cast<double>(logits.shape(0));
}

// The tensor, whose numbers are at `data`, as a View; one that knows no shape (std::vector, std::span) as `rows` rows,
// or flat for rows = 0. An Eigen matrix has the rows that lie in memory.
template <TensorLike X>
View<const scalar_of<X>> loss_view(const char* loss, const X& x, const scalar_of<X>* data, std::size_t rows) {
  const auto size = static_cast<std::size_t>(x.size());
  if constexpr (HasShape<X>) {
    const auto& shape = shape_of(x);
    if (shape.size() < 1 || shape.size() > 4)
      fail(loss, ": the logits have ", shape.size(), " dimensions, expected 1 to 4");
    std::array<std::size_t, 4> dims{};
    std::copy(shape.begin(), shape.end(), dims.begin());
    return {data, static_cast<int>(shape.size()), dims};
  } else {
    if constexpr (EigenMatrix<X>) {
      const Layout l = layout_of(x);
      if (l.dims[0] > 1 && l.dims[1] > 1) {
        if (rows > 0 && l.dims[0] != rows)
          fail(loss, ": the logits are a ", X::IsRowMajor ? "row" : "column", "-major Eigen matrix of ", x.rows(),
               " x ", x.cols(), ", which lies in memory as ", l.dims[0], " rows, one for each of ", rows,
               " targets are expected (N x C row-major or C x N column-major)");
        return {data, 2, {l.dims[0], l.dims[1], 0, 0}};
      }
    }
    if (rows == 0) return {data, 1, {size, 0, 0, 0}};
    if (size % rows != 0) fail(loss, ": ", size, " logits do not divide into ", rows, " rows, one for each target");
    return {data, 2, {rows, size / rows, 0, 0}};
  }
}

// Weights are numbers, and none is negative.
inline void check_weights(const char* loss, const char* option, const std::vector<float>& weights) {
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= 0) || !is_finite(static_cast<double>(weights[i])))
      fail(loss, ": ", option, "[", i, "] is ", weights[i], ", expected 0 or more and finite");
}

// The sum of f(from, to) over n elements of `width` values each, in pieces that pay a thread.
template <class F>
double sum_over(cpu::Threads threads, std::size_t n, std::size_t width, const F& f) {
  const cpu::Pieces pieces{static_cast<i64>(n), static_cast<i64>(width < 16384 ? 16384 / width : 1)};
  return cpu::sum_pieces(threads.on, pieces, [&](i64 from, i64 to) {
    return f(static_cast<std::size_t>(from), static_cast<std::size_t>(to));
  });
}

// Logits (N, C), (N, C, H, W) or (C): dimension 1 is the classes, the only dimension of a vector.
template <class T>
LossExtents loss_extents(const View<T>& logits) {
  LossExtents d{1, logits.shape(0), 1};
  if (logits.rank() > 1) d = {logits.shape(0), logits.shape(1), 1};
  for (int i = 2; i < logits.rank(); ++i) d.s *= logits.shape(i);
  return d;
}

template <class T>
void check_gradient(const char* loss, const View<T>& logits, std::size_t gradient) {
  if (gradient != logits.size())
    fail(loss, ": the gradient has room for ", gradient, " elements, the logits have ", logits.size());
}

// As many as the logits, and in the same shape where both say one.
template <class T, TensorLike Y>
void check_target_shape(const char* loss, const View<T>& logits, const Y& targets) {
  const auto size = static_cast<std::size_t>(targets.size());
  bool fits = size == logits.size();
  if constexpr (HasShape<Y>) {
    const auto& shape = shape_of(targets);
    if (fits && shape.size() == logits.shape().size())
      fits = std::equal(shape.begin(), shape.end(), logits.shape().begin(),
                        [](auto a, auto b) { return static_cast<std::size_t>(a) == static_cast<std::size_t>(b); });
    if (!fits) fail(loss, ": targets ", words_of(shape), ", logits ", words_of(logits.shape()));
  }
  if (!fits) fail(loss, ": ", size, " targets, logits ", words_of(logits.shape()), " = ", logits.size());
  if (logits.rank() > 1) check_runs(targets, logits.shape().subspan(1), loss);
}

// What a loss is given that it does not take: the one error that says so.
template <class Loss, class X, class Y>
constexpr void expect_targets() {
  using T = std::remove_const_t<scalar_of<X>>;
  using Target = scalar_of<Y>;
  constexpr bool numbers = LossScalar<T>, labels = std::integral<Target>, real = LossScalar<Target>;
  constexpr bool alike = requires { Loss::targets_like_logits; };
  static_assert(numbers, "a loss takes logits of float or double");
  static_assert(!numbers || !alike || !labels,
                "this loss takes targets of the logits' type, float or double, and gets labels of an integer type");
  static_assert(!numbers || !alike || labels || std::is_same_v<Target, T>,
                "this loss takes targets of the logits' type: of float for logits of float, of double for double");
  static_assert(!numbers || alike || !real,
                "this loss takes labels of an integer type, one for each row, and gets targets of float or double");
  static_assert(!numbers || alike || labels || real,
                "this loss takes labels of an integer type, or class probabilities of float or double where it is "
                "CrossEntropy, and gets neither");
}
template <class Loss, class X, class Y>
LossResult<float> no_loss() {
  if constexpr (!TensorLike<X>)
    expect_tensor<X>();
  else if constexpr (!TensorLike<Y>)
    expect_tensor<Y>();
  else
    expect_targets<Loss, X, Y>();
  return {};
}
template <class Loss, class X, class Y>
LossValues<float> no_values() {
  static_cast<void>(no_loss<Loss, X, Y>());
  return {};
}

// operator() of every loss, from its compute.
template <class Loss, TensorLike X, class Targets>
auto evaluate_loss(const Loss& loss, const X& logits, const Targets& targets, std::size_t rows) {
  const auto numbers = dense(logits, Loss::name);
  const auto view = loss_view(Loss::name, logits, numbers.data(), rows);
  LossResult<scalar_of<X>> result{{}, LossGradient<scalar_of<X>>(view)};
  result.value = loss.compute(view, targets, std::span<scalar_of<X>>{result.gradient.data(), result.gradient.size()});
  return result;
}

// each() of every loss, from its `plain`.
enum class ValueOf { row, element };
template <class Loss, TensorLike X, class Targets>
auto each_value(const Loss& loss, const X& logits, const Targets& targets, std::size_t rows, ValueOf of) {
  using T = scalar_of<X>;
  const auto numbers = dense(logits, Loss::name);
  const auto view = loss_view(Loss::name, logits, numbers.data(), rows);
  loss.check(view, targets);
  View<const T> values = view;
  if (of == ValueOf::row && view.rank() < 2) values = {nullptr, 1, {1, 0, 0, 0}};
  if (of == ValueOf::row && view.rank() >= 2) {
    std::array<std::size_t, 4> dims{view.shape(0)};
    for (int i = 2; i < view.rank(); ++i) dims[static_cast<std::size_t>(i - 1)] = view.shape(i);
    values = {nullptr, view.rank() - 1, dims};
  }
  LossValues<T> result{LossTensor<T>(values), LossTensor<T>(view)};
  loss.plain(view, targets, result.gradient.data(), Reduction::sum, result.values.data());
  return result;
}

// The mean that a value is or, of a loss that gives sums, would be.
template <class Loss>
double mean_of(const Loss& loss, double value, double total_weight) {
  if constexpr (requires { loss.reduction; })
    if (loss.reduction == Reduction::sum) return value / total_weight;
  return value;
}

}  // namespace detail
}  // namespace ctnet
