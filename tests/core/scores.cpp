// SPDX-License-Identifier: MIT
// argmax, softmax and top_k, of one row and of batches of any kind, with equal scores, NaN and infinities.
#include <doctest/doctest.h>
#include <Eigen/Core>
#include <ctnet/core/random.hpp>
#include <ctnet/core/scores_of.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "support/error.hpp"

using namespace ctnet;

namespace {
constexpr float no_number = __builtin_nanf(""), inf = __builtin_inff();

using Best = std::vector<ClassScore<float>>;
Best best_of(const std::vector<float>& scores, std::size_t k) {
  Best to(k, {-7, 0});
  to.resize(top_k(scores, std::span{to}));
  return to;
}
}  // namespace

TEST_CASE("argmax: of equals the first, NaN last") {
  CHECK(argmax(std::array{1.0f, 3.0f, 2.0f}) == 1);
  CHECK(argmax(std::vector{2.0, 3.0, 3.0}) == 1);
  CHECK(argmax(std::array{no_number, -inf, no_number}) == 1);
  CHECK(argmax(std::array{no_number, no_number}) == -1);
  CHECK(argmax(std::array{-0.0f, 0.0f}) == 0);
  CHECK(argmax(std::span<const float>{}) == -1);
  static_assert(argmax(std::array{1.0f, 2.0f}) == 1);
}

TEST_CASE("top_k: in order, as a stable sort has it") {
  CHECK(best_of({1, 3, 2, 3}, 3) == Best{{1, 3}, {3, 3}, {2, 2}});
  CHECK(best_of({1, 3}, 5) == Best{{1, 3}, {0, 1}});
  CHECK(best_of({no_number, -inf, no_number, inf}, 4) == Best{{3, inf}, {1, -inf}});
  CHECK(best_of({no_number}, 1).empty());
  CHECK(best_of({}, 2).empty());
  Random random{Seed{1}, 1};
  for (int run = 0; run < 50; ++run) {
    std::vector<float> scores(1 + random.below(40));
    for (float& s : scores) s = static_cast<float>(random.below(12));
    std::vector<int> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
    });
    const std::size_t k = 1 + random.below(10);
    Best want;
    for (std::size_t i = 0; i < std::min(k, order.size()); ++i)
      want.push_back({order[i], scores[static_cast<std::size_t>(order[i])]});
    CHECK(best_of(scores, k) == want);
    CHECK(argmax(scores) == order[0]);
  }
}

TEST_CASE("softmax: PyTorch's values, for scores of any size") {
  const auto p = softmax(std::vector{1.0f, 2.0f, 3.0f});
  CHECK(p[0] == doctest::Approx(0.0900305732));
  CHECK(p[1] == doctest::Approx(0.2447284711));
  CHECK(p[2] == doctest::Approx(0.6652409558));
  const auto large = softmax(std::vector{1e38f, -1e38f, 1e38f});
  CHECK(large == std::vector{0.5f, 0.0f, 0.5f});
  CHECK(softmax(std::vector{-inf, 0.0f}) == std::vector{0.0f, 1.0f});
  for (const auto& none : {std::vector{no_number, 1.0f}, {inf, 1.0f}, {-inf, -inf}, {no_number, no_number}})
    for (const float v : softmax(none)) CHECK(std::isnan(v));
  std::array<double, 3> row{0, 0, 0};
  softmax(row, std::span{row});
  CHECK(row[2] == doctest::Approx(1.0 / 3));
}

TEST_CASE("batches: views, maps, slices, columns") {
  std::vector<float> x(2 * 3 * 4);
  Random random{Seed{2}, 1};
  for (float& v : x) v = static_cast<float>(random.uniform(-3, 3));

  // (2, 3, 4): the classes' scores lie four apart.
  const View<const float> maps{x.data(), 3, {2, 3, 4, 0}};
  const auto classes = argmax(maps);
  const auto p = softmax(maps);
  REQUIRE(classes.size() == 8);
  REQUIRE(p.size() == x.size());
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t at = 0; at < 4; ++at) {
      const std::array row{maps(i, 0, at), maps(i, 1, at), maps(i, 2, at)};
      CHECK(classes[i * 4 + at] == argmax(row));
      const auto wanted = softmax(row);
      for (std::size_t c = 0; c < 3; ++c) CHECK(p[(i * 3 + c) * 4 + at] == wanted[c]);
    }

  const View<const float> rows{x.data(), 2, {6, 4, 0, 0}};
  const auto best = top_k(rows, 2);
  REQUIRE(best.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(best[i] == best_of({x.data() + i * 4, x.data() + i * 4 + 4}, 2));
  CHECK(top_k(rows, 9)[0].size() == 4);

  xt::xtensor<float, 2> tensor = xt::zeros<float>({6, 4});
  std::copy(x.begin(), x.end(), tensor.begin());
  CHECK(argmax(tensor) == argmax(rows));
  const auto columns = xt::view(tensor, xt::all(), xt::range(1, 3));
  for (std::size_t i = 0; i < 6; ++i) CHECK(argmax(columns)[i] == argmax(std::array{tensor(i, 1), tensor(i, 2)}));
  Eigen::Map<const Eigen::MatrixXf> matrix{x.data(), 4, 6};  // column-major: (C, N)
  CHECK(argmax(matrix) == argmax(rows));
  CHECK(top_k(matrix, 2) == best);
}

TEST_CASE("scores that make no sense are said") {
  const std::vector<float> x(24);
  CHECK(test::error_of([&] {
          top_k(View<const float>{x.data(), 2, {6, 4, 0, 0}}, 0);
        }) == "top_k: k is 0, expected 1 or more");
  CHECK(test::error_of([&] {
          top_k(View<const float>{x.data(), 3, {2, 3, 4, 0}}, 1);
        }) == "top_k: the scores have 4 places an image, expected one");
  CHECK(test::error_of([&] {
          argmax(View<const float>{x.data(), 2, {6, 0, 0, 0}});
        }) == "argmax: the scores have shape 6 x 0, expected N x C or N x C x H x W");
}
