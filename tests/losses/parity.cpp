// SPDX-License-Identifier: MIT
// Values and gradients against PyTorch's, recorded in double: 1e-12 of the largest in double, 1e-5 in float.
#include <ctnet/losses.hpp>

#include "fixture.hpp"

namespace ct = ctnet;

namespace {

template <class T, class Label, class Loss>
void check(const char* name, const Loss& loss, double tolerance = fixture::tolerance<T>) {
  const std::string at = name;
  CAPTURE(at);
  CAPTURE(sizeof(T));
  const auto x = fixture::tensor<T>("losses", at + "/x");
  const auto y = fixture::tensor<Label>("losses", at + "/y");
  const auto value = fixture::tensor<double>("losses", at + "/value");
  const auto gradient = fixture::tensor<double>("losses", at + "/gradient");
  const auto view = x.view();
  const auto got = loss(view, y.view());
  static_assert(std::is_same_v<decltype(got.value), T>);
  CHECK(fixture::error(std::vector<T>{got.value}, value.values) <= tolerance);
  CHECK(fixture::error(got.gradient, gradient.values) <= tolerance);
  CHECK(std::ranges::equal(got.gradient.shape(), view.shape()));

  std::vector<T> again(x.values.size(), T{99});
  const T value_again = loss.compute(view, y.view(), again);
  CHECK(std::memcmp(&value_again, &got.value, sizeof(T)) == 0);
  CHECK(std::equal(again.begin(), again.end(), got.gradient.begin()));
}

template <class T>
void cross_entropy() {
  using CE = ct::CrossEntropy;
  const std::vector<float> w5{0.5f, 2, 1.25f, 0, 3}, w3{0.5f, 2, 1.25f};
  const auto one = [](const char* name, const CE& loss) { check<T, std::int64_t>(name, loss); };
  one("ce/plain", {});
  one("ce/one", {});
  one("ce/wide", {});
  one("ce/large", {});
  one("ce/smoothing", {.label_smoothing = 0.1});
  one("ce/weights", {.class_weights = w5});
  one("ce/weights_smoothing", {.label_smoothing = 0.25, .class_weights = w5});
  one("ce/ignore", {});
  one("ce/ignore_2", {.label_smoothing = 0.1, .class_weights = w5, .ignore_index = 2});
  one("ce/all_ignored", {});
  one("ce/places", {});
  one("ce/places_all", {.label_smoothing = 0.1, .class_weights = w3, .ignore_index = 1});
}

template <class T>
void element_losses() {
  const std::vector<float> w5{0.5f, 2, 1.25f, 0, 3}, w3{0.5f, 2, 1.25f}, w3_plus_1{1.5f, 3, 2.25f};
  using BCE = ct::BinaryCrossEntropyWithLogits;
  check<T, T>("mse/plain", ct::MeanSquaredError{});
  check<T, T>("mse/half", ct::MeanSquaredError{.half = true});
  check<T, T>("smooth_l1/1", ct::SmoothL1{});
  check<T, T>("smooth_l1/half", ct::SmoothL1{.beta = 0.5});
  check<T, T>("smooth_l1/0", ct::SmoothL1{.beta = 0});
  check<T, T>("bce/plain", BCE{});
  check<T, T>("bce/large", BCE{});
  check<T, T>("bce/pos_weight_1", BCE{.pos_weight = {2.5f}});
  check<T, T>("bce/pos_weight", BCE{.pos_weight = w5});
  check<T, T>("bce/both", BCE{.pos_weight = w3, .weight = w3_plus_1});
  check<T, T>("bce/weight_1", BCE{.weight = {0.75f}});
}

// each() and Reduction::sum.
template <class T, class Label, class Loss>
void reduced(const std::string& name, Loss loss) {
  loss.reduction = ct::Reduction::sum;
  check<T, Label>((name + "/sum").c_str(), loss);
  CAPTURE(name);
  const std::string at = name + "/none";
  const auto x = fixture::tensor<T>("losses", at + "/x");
  const auto y = fixture::tensor<Label>("losses", at + "/y");
  const auto value = fixture::tensor<double>("losses", at + "/value");
  const auto gradient = fixture::tensor<double>("losses", at + "/gradient");
  const auto got = loss.each(x.view(), y.view());
  CHECK(std::ranges::equal(got.values.shape(), value.view().shape()));
  CHECK(std::ranges::equal(got.gradient.shape(), x.view().shape()));
  CHECK(fixture::error(got.values, value.values) <= fixture::tolerance<T>);
  CHECK(fixture::error(got.gradient, gradient.values) <= fixture::tolerance<T>);
}

template <class T>
void soft_and_nll() {
  using CE = ct::CrossEntropy;
  using NLL = ct::NLLLoss;
  const std::vector<float> w5{0.5f, 2, 1.25f, 0, 3}, w3{0.5f, 2, 1.25f};
  check<T, T>("soft/plain", CE{});
  check<T, T>("soft/wide", CE{});
  check<T, T>("soft/smoothing", CE{.label_smoothing = 0.1});
  check<T, T>("soft/weights", CE{.class_weights = w5});
  check<T, T>("soft/weights_smoothing", CE{.label_smoothing = 0.25, .class_weights = w5});
  check<T, T>("soft/places", CE{.label_smoothing = 0.1, .class_weights = w3});
  check<T, float>("soft/plain", CE{}, 1e-5);
  check<T, std::int64_t>("nll/plain", NLL{});
  check<T, std::int64_t>("nll/weights", NLL{.class_weights = w5});
  check<T, std::int64_t>("nll/places", NLL{.class_weights = w3, .ignore_index = 1});
  check<T, std::int64_t>("nll/all_ignored", NLL{});
  reduced<T, std::int64_t>("reduced/ce", CE{.label_smoothing = 0.1, .class_weights = w5, .ignore_index = 2});
  reduced<T, std::int64_t>("reduced/ce_places", CE{.class_weights = w3, .ignore_index = 1});
  reduced<T, T>("reduced/soft", CE{.label_smoothing = 0.1, .class_weights = w5});
  reduced<T, std::int64_t>("reduced/nll", NLL{.class_weights = w5});
  reduced<T, T>("reduced/mse", ct::MeanSquaredError{});
  reduced<T, T>("reduced/smooth_l1", ct::SmoothL1{.beta = 0.5});
  reduced<T, T>("reduced/bce", ct::BinaryCrossEntropyWithLogits{.pos_weight = w5});
  reduced<T, T>("reduced/bce_plain", ct::BinaryCrossEntropyWithLogits{});
}

}  // namespace

TEST_CASE("class probabilities, NLLLoss and the reductions agree with PyTorch") {
  soft_and_nll<double>();
  soft_and_nll<float>();
}

TEST_CASE("CrossEntropy agrees with PyTorch") {
  cross_entropy<double>();
  cross_entropy<float>();
}

TEST_CASE("MeanSquaredError, SmoothL1 and BinaryCrossEntropyWithLogits agree with PyTorch") {
  element_losses<double>();
  element_losses<float>();
}
