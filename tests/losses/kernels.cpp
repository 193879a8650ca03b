// SPDX-License-Identifier: MIT
// The losses' loops of every CPU target against the plain ones, over many sizes; nothing outside the tensors is
// touched.
#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/core/random.hpp>
#include <ctnet/losses.hpp>

#include "fixture.hpp"
#include "support/guarded.hpp"
#include "support/targets.hpp"

namespace ct = ctnet;

namespace {

template <class T>
constexpr double close = sizeof(T) == 8 ? 1e-13 : 2e-6;

template <class T>
std::vector<T> draw(ct::Random& random, std::size_t n, double low, double high) {
  std::vector<T> v(n);
  for (T& x : v) x = static_cast<T>(random.uniform(low, high));
  return v;
}

template <class T>
void cross_entropy(std::size_t n, std::size_t c) {
  ct::Random random{ct::Seed{3}, n, c};
  const auto x = draw<T>(random, n * c, -20, 20);
  std::vector<int> y(n);
  for (int& label : y) label = static_cast<int>(random.below(static_cast<std::uint32_t>(c)));
  for (const double smoothing : {0.0, 0.2}) {
    std::vector<T> want(n * c);
    const T value = ct::reference::cross_entropy(
        x.data(), y.data(), want.data(), {n, c, 1}, [](std::size_t) { return 1.0; }, smoothing, -100);
    test::on_every_target<ct::Cpu<T>>([&](const std::string& target) {
      for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
        const test::Guarded<T> g(n * c, flush), logits(x, flush);
        const ct::View<const T> view{logits.data(), 2, {n, c, 0, 0}};
        const T got = ct::CrossEntropy{.label_smoothing = smoothing}.compute(view, y, {g.data(), g.size()});
        CAPTURE(n);
        CAPTURE(c);
        CAPTURE(target);
        CHECK(std::fabs(got - value) <= static_cast<T>(close<T>) * (1 + std::fabs(value)));
        CHECK(fixture::error(g, want) <= close<T>);
        CHECK(g.intact());
      }
    });
  }
}

template <class T>
void elements(std::size_t n) {
  ct::Random random{ct::Seed{4}, n};
  const auto x = draw<T>(random, n, -6, 6), y = draw<T>(random, n, 0, 1);
  const auto same = [&](const auto& loss, auto reference) {
    std::vector<T> want(n);
    const T value = reference(want.data());
    test::on_every_target<ct::Cpu<T>>([&](const std::string& target) {
      for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
        const test::Guarded<T> g(n, flush), logits(x, flush), targets(y, flush);
        const ct::View<const T> view{logits.data(), 1, {n, 0, 0, 0}};
        const T got = loss.compute(view, targets, {g.data(), g.size()});
        CAPTURE(n);
        CAPTURE(std::string(loss.name));
        CAPTURE(target);
        CHECK(std::fabs(got - value) <= static_cast<T>(close<T>) * (1 + std::fabs(value)));
        CHECK(fixture::error(g, want) <= close<T>);
        CHECK(g.intact());
      }
    });
  };
  const auto per_element = 1 / static_cast<double>(n);
  same(ct::MeanSquaredError{},
       [&](T* g) { return ct::reference::squared_error(x.data(), y.data(), g, n, per_element); });
  same(ct::SmoothL1{.beta = 0.7}, [&](T* g) { return ct::reference::smooth_l1(x.data(), y.data(), g, n, 0.7); });
  same(ct::SmoothL1{.beta = 0}, [&](T* g) { return ct::reference::smooth_l1(x.data(), y.data(), g, n, 0.0); });
  same(ct::BinaryCrossEntropyWithLogits{.pos_weight = {1.5f}, .weight = {0.5f}}, [&](T* g) {
    return ct::reference::bce_with_logits(
        x.data(), y.data(), g, {1, n, 1}, [](std::size_t) { return 0.5; }, [](std::size_t) { return 1.5; });
  });
}

}  // namespace

TEST_CASE("CrossEntropy of every CPU target is the reference's") {
  constexpr std::size_t classes[] = {1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 100, 1000}, rows[] = {1, 3};
  for (const std::size_t c : classes)
    for (const std::size_t n : rows) {
      cross_entropy<float>(n, c);
      cross_entropy<double>(n, c);
    }
}

TEST_CASE("the other losses of every CPU target are the reference's") {
  constexpr std::size_t sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 511, 512, 513, 1030};
  for (const std::size_t n : sizes) {
    elements<float>(n);
    elements<double>(n);
  }
}

TEST_CASE("what is shut out or broken stays so") {
  const double inf = std::numeric_limits<double>::infinity();
  // a class masked by -infinity has no share, and its gradient is 0
  const std::vector<double> masked{1, -inf, 2};
  const auto loss = ct::CrossEntropy{}(masked, std::vector<int>{0});
  CHECK(std::fabs(loss.value - std::log(1 + std::exp(1.0))) < 1e-14);
  CHECK(loss.gradient[1] == 0);
  const std::vector<double> large{1000, -1000, 0};
  CHECK(ct::CrossEntropy{}(large, std::vector<int>{1}).value == 2000);
  // NaN and +infinity reach the value and every gradient of the row
  for (const double bad : {inf, std::nan("")})
    for (std::size_t at = 0; at < 3; ++at) {
      std::vector<double> x{1, 2, 3};
      x[at] = bad;
      const auto broken = ct::CrossEntropy{}(x, std::vector<int>{0});
      CHECK(std::isnan(broken.value));
      for (const double g : broken.gradient) CHECK(std::isnan(g));
      const std::vector<double> y{0, 0, 1};
      CHECK_FALSE(std::isfinite(ct::MeanSquaredError{}(x, y).value));
      CHECK_FALSE(std::isfinite(ct::SmoothL1{}(x, y).value));
    }
}
