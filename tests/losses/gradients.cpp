// SPDX-License-Identifier: MIT
// d value / d logits against central differences in double, in odd shapes.
#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/losses.hpp>

#include <cmath>

namespace ct = ctnet;

namespace {

using Dims = std::array<std::size_t, 4>;

std::vector<double> draw(ct::Random& random, std::size_t n, double low, double high) {
  std::vector<double> v(n);
  for (double& x : v) x = random.uniform(low, high);
  return v;
}

// Largest difference between gradient and difference quotient, relative to the largest gradient.
template <class Loss, class Targets>
double gradient_error(const Loss& loss, std::vector<double> x, int rank, const Dims& dims, const Targets& y) {
  const auto view = [&] { return ct::View<const double>{x.data(), rank, dims}; };
  const auto g = loss(view(), y).gradient;
  double worst = 0, largest = 1e-3;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double h = 1e-5, was = x[i];
    x[i] = was + h;
    const double up = loss(view(), y).value;
    x[i] = was - h;
    const double down = loss(view(), y).value;
    x[i] = was;
    worst = std::fmax(worst, std::fabs((up - down) / (2 * h) - g[i]));
    largest = std::fmax(largest, std::fabs(g[i]));
  }
  return worst / largest;
}

}  // namespace

TEST_CASE("gradient of CrossEntropy") {
  ct::Random random{ct::Seed{1}};
  const struct {
    int rank;
    Dims dims;
  } cases[] = {{2, {1, 1, 0, 0}}, {2, {3, 10, 0, 0}}, {2, {5, 17, 0, 0}},
               {1, {7, 0, 0, 0}}, {4, {2, 3, 1, 5}},  {3, {2, 5, 3, 0}}};
  for (const auto& c : cases) {
    const ct::View<const double> like{nullptr, c.rank, c.dims};
    const std::size_t classes = c.rank == 1 ? c.dims[0] : c.dims[1], rows = like.size() / classes;
    std::vector<float> weights(classes);
    for (float& w : weights) w = static_cast<float>(random.uniform(0.5, 2));
    std::vector<int> labels(rows);
    for (int& l : labels) l = static_cast<int>(random.below(static_cast<std::uint32_t>(classes)));
    const auto x = draw(random, like.size(), -3, 3);
    CHECK(gradient_error(ct::CrossEntropy{}, x, c.rank, c.dims, labels) < 1e-6);
    if (rows > 1) labels[0] = -100;
    CHECK(gradient_error(ct::CrossEntropy{.label_smoothing = 0.3, .class_weights = weights}, x, c.rank, c.dims,
                         labels) < 1e-6);
    CHECK(gradient_error(ct::CrossEntropy{.class_weights = weights, .reduction = ct::Reduction::sum}, x, c.rank, c.dims,
                         labels) < 1e-6);
    CHECK(gradient_error(ct::NLLLoss{.class_weights = weights}, x, c.rank, c.dims, labels) < 1e-6);
    const auto soft = draw(random, like.size(), 0, 1);
    const ct::View<const double> targets{soft.data(), c.rank, c.dims};
    CHECK(gradient_error(ct::CrossEntropy{}, x, c.rank, c.dims, targets) < 1e-6);
    CHECK(gradient_error(ct::CrossEntropy{.label_smoothing = 0.3, .class_weights = weights}, x, c.rank, c.dims,
                         targets) < 1e-6);
  }
}

TEST_CASE("gradient of the losses that go element by element") {
  ct::Random random{ct::Seed{2}};
  const Dims shapes[] = {{1, 1, 1, 1}, {3, 5, 1, 1}, {2, 3, 5, 7}};
  for (const Dims& d : shapes) {
    const std::size_t n = d[0] * d[1] * d[2] * d[3];
    const auto x = draw(random, n, -2, 2), y = draw(random, n, 0, 1);
    std::vector<float> w(d[1]), one{2.5f};
    for (float& v : w) v = static_cast<float>(random.uniform(0.5, 2));
    CHECK(gradient_error(ct::MeanSquaredError{}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::MeanSquaredError{.half = true}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::MeanSquaredError{.reduction = ct::Reduction::sum}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::SmoothL1{}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::SmoothL1{.beta = 0.3}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::BinaryCrossEntropyWithLogits{}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::BinaryCrossEntropyWithLogits{.pos_weight = one}, x, 4, d, y) < 1e-6);
    CHECK(gradient_error(ct::BinaryCrossEntropyWithLogits{.pos_weight = w, .weight = w}, x, 4, d, y) < 1e-6);
  }
}
