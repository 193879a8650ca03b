// SPDX-License-Identifier: MIT
// Every way in which a loss and its tensors may not go together, and what may be passed.
#include <doctest/doctest.h>
#include <ctnet/losses.hpp>

#include <string>

#include "support/error.hpp"

namespace ct = ctnet;

namespace {

using test::error_of;

const float numbers[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
ct::View<const float> logits(std::size_t n, std::size_t c) { return {numbers, 2, {n, c, 0, 0}}; }
ct::View<const float> places() { return {numbers, 4, {1, 3, 2, 4}}; }
using Labels = std::vector<int>;

// Has a shape, as an xtensor does.
struct Shaped {
  std::vector<float> values;
  std::vector<std::size_t> dims;
  const float* data() const { return values.data(); }
  std::size_t size() const { return values.size(); }
  const std::vector<std::size_t>& shape() const { return dims; }
};

}  // namespace

TEST_CASE("CrossEntropy says what does not fit") {
  const ct::CrossEntropy loss;
  CHECK(error_of([&] { loss(logits(4, 3), Labels{0, 1, 2}); }) == "CrossEntropy: 3 labels, logits 4 x 3 take 4");
  CHECK(error_of([&] { loss(logits(4, 3), Labels{0, 1, 2, -1}); }) == "CrossEntropy: label -1 at row 3, classes 3");
  CHECK(error_of([&] { loss(logits(4, 3), Labels{0, 3, 2, 1}); }) == "CrossEntropy: label 3 at row 1, classes 3");
  CHECK(error_of([&] { loss(places(), Labels(7)); }) == "CrossEntropy: 7 labels, logits 1 x 3 x 2 x 4 take 8");
  CHECK(error_of([&] {
          loss(places(), Labels{0, 0, 0, 0, 0, 9, 0, 0});
        }) == "CrossEntropy: label 9 at image 0, place 5, classes 3");
  CHECK(error_of([&] { loss(std::vector<float>(7), Labels(3)); }) ==
        "CrossEntropy: 7 logits do not divide into 3 rows, one for each target");
  CHECK(error_of([&] {
          loss(Shaped{std::vector<float>(6), {1, 1, 1, 2, 3}}, Labels(3));
        }) == "CrossEntropy: the logits have 5 dimensions, expected 1 to 4");
  CHECK(error_of([&] {
          ct::CrossEntropy{.class_weights = {1, 2}}(logits(1, 3), Labels(1));
        }) == "CrossEntropy: 2 class weights, the logits have 3 classes");
  CHECK(error_of([&] { ct::CrossEntropy{.label_smoothing = 1.5}(logits(1, 3), Labels(1)); }) ==
        "CrossEntropy: label_smoothing is 1.5, expected 0 to 1");
  CHECK(error_of([&] { ct::CrossEntropy{.label_smoothing = std::nan("")}(logits(1, 3), Labels(1)); }) ==
        "CrossEntropy: label_smoothing is nan, expected 0 to 1");
  std::vector<float> gradient(5);
  CHECK(error_of([&] { loss.compute(logits(2, 3), Labels(2), gradient); }) ==
        "CrossEntropy: the gradient has room for 5 elements, the logits have 6");
  // a label that does not fit an int
  CHECK(error_of([&] { loss(logits(1, 3), std::vector<std::uint64_t>{~std::uint64_t{0} - 200}); }) ==
        "CrossEntropy: label -201 at row 0, classes 3");
}

TEST_CASE("the losses that go element by element say what does not fit") {
  const std::vector<float> five(5);
  const Shaped turned{std::vector<float>(6), {3, 2}};
  CHECK(error_of([&] { ct::MeanSquaredError{}(logits(2, 3), five); }) ==
        "MeanSquaredError: 5 targets, logits 2 x 3 = 6");
  CHECK(error_of([&] { ct::MeanSquaredError{}(logits(2, 3), turned); }) ==
        "MeanSquaredError: targets 3 x 2, logits 2 x 3");
  CHECK(error_of([&] { ct::SmoothL1{}(logits(2, 3), five); }) == "SmoothL1: 5 targets, logits 2 x 3 = 6");
  CHECK(error_of([&] { ct::SmoothL1{.beta = -1}(logits(1, 5), five); }) == "SmoothL1: beta is -1, expected 0 or more");
  CHECK(error_of([&] { ct::BinaryCrossEntropyWithLogits{}(logits(2, 3), five); }) ==
        "BinaryCrossEntropyWithLogits: 5 targets, logits 2 x 3 = 6");
  CHECK(error_of([&] {
          ct::BinaryCrossEntropyWithLogits{.pos_weight = {1, 2}}(logits(2, 3), logits(2, 3));
        }) ==
        "BinaryCrossEntropyWithLogits: pos_weight has 2 numbers, expected none, one or one for each of 3 classes");
  CHECK(error_of([&] {
          ct::BinaryCrossEntropyWithLogits{.weight = {1, 2}}(logits(2, 3), logits(2, 3));
        }) == "BinaryCrossEntropyWithLogits: weight has 2 numbers, expected none, one or one for each of 3 classes");
  std::vector<float> gradient(7);
  CHECK(error_of([&] { ct::MeanSquaredError{}.compute(logits(2, 3), logits(2, 3), gradient); }) ==
        "MeanSquaredError: the gradient has room for 7 elements, the logits have 6");
}

TEST_CASE("tensors of many kinds are taken, and the gradient is given as any") {
  const std::vector<float> flat(numbers, numbers + 6);
  const auto want = ct::CrossEntropy{}(logits(2, 3), Labels{2, 0});
  CHECK(ct::CrossEntropy{}(flat, std::vector<std::uint8_t>{2, 0}).value == want.value);
  CHECK(ct::CrossEntropy{}(std::span<const float>{flat}, std::array<long, 2>{2, 0}).value == want.value);
  CHECK(ct::CrossEntropy{}(Shaped{flat, {2, 3}}, std::vector<unsigned>{2, 0}).value == want.value);
  const ct::View<const float> view = want.gradient;
  CHECK(view.shape(0) == 2);
  CHECK(view.shape(1) == 3);
  const std::vector<float> copy = want.gradient;
  CHECK(copy.size() == 6);
  CHECK(copy[1] == want.gradient[1]);
  CHECK(static_cast<const ct::LossGradient<float>&>(want.gradient).shape().size() == 2);
}

TEST_CASE("class probabilities and NLLLoss say what does not fit") {
  const ct::CrossEntropy loss;
  const auto said = [&](const std::vector<float>& y) { return error_of([&] { loss(logits(2, 3), y); }); };
  CHECK(said(std::vector<float>(5)) == "CrossEntropy: 5 targets, logits 2 x 3 = 6");
  CHECK(said({1, 0, 0, 0, -0.5f, 0}) ==
        "CrossEntropy: the target of row 1, class 1 is -0.5, expected 0 or more and finite");
  CHECK(said({1, 0, std::nanf(""), 0, 0, 0}) ==
        "CrossEntropy: the target of row 0, class 2 is nan, expected 0 or more and finite");
  CHECK(error_of([&] {
          loss(logits(2, 3), Shaped{std::vector<float>(6), {3, 2}});
        }) == "CrossEntropy: targets 3 x 2, logits 2 x 3");
  CHECK(error_of([&] {
          loss(std::vector<float>(5), Shaped{std::vector<float>(6), {2, 3}});
        }) == "CrossEntropy: 5 logits do not divide into 2 rows, one for each target");
  CHECK(error_of([&] { ct::NLLLoss{}(logits(4, 3), Labels{0, 3, 2, 1}); }) == "NLLLoss: label 3 at row 1, classes 3");
  CHECK(error_of([&] {
          ct::NLLLoss{}.each(logits(4, 3), Labels{0, 2, 1});
        }) == "NLLLoss: 3 labels, logits 4 x 3 take 4");
  CHECK(error_of([&] {
          ct::NLLLoss{.class_weights = {1, 2}}(logits(1, 3), Labels(1));
        }) == "NLLLoss: 2 class weights, the logits have 3 classes");
  // Targets alone may tell how many classes there are.
  const std::vector<float> flat(numbers, numbers + 6);
  CHECK(loss(flat, Shaped{{0, 0, 1, 1, 0, 0}, {2, 3}}).value == loss(logits(2, 3), Labels{2, 0}).value);
}

TEST_CASE("options of losses that make no sense name themselves") {
  const float nan = std::nanf("");
  const std::vector<float> six(6);
  const auto crossed = [&](std::vector<float> w) {
    return error_of([&] { ct::CrossEntropy{.class_weights = w}(logits(2, 3), Labels{0, 1}); });
  };
  CHECK(crossed({1, -0.5f, 1}) == "CrossEntropy: class_weights[1] is -0.5, expected 0 or more and finite");
  CHECK(crossed({1, 1, nan}) == "CrossEntropy: class_weights[2] is nan, expected 0 or more and finite");
  CHECK(crossed({HUGE_VALF, 1, 1}) == "CrossEntropy: class_weights[0] is inf, expected 0 or more and finite");
  const auto smooth = [&](double beta) { return error_of([&] { ct::SmoothL1{beta}(logits(2, 3), six); }); };
  CHECK(smooth(HUGE_VAL) == "SmoothL1: beta is inf, expected 0 or more and finite");
  CHECK(smooth(std::nan("")) == "SmoothL1: beta is nan, expected 0 or more");
  CHECK(error_of([&] { ct::BinaryCrossEntropyWithLogits{.pos_weight = {nan}}(logits(2, 3), six); }) ==
        "BinaryCrossEntropyWithLogits: pos_weight[0] is nan, expected 0 or more and finite");
  CHECK(error_of([&] {
          ct::BinaryCrossEntropyWithLogits{.weight = {1, -1, 1}}(logits(2, 3), six);
        }) == "BinaryCrossEntropyWithLogits: weight[1] is -1, expected 0 or more and finite");
}
