// SPDX-License-Identifier: MIT
// Losses on tensors of xtensor and Eigen: logits, labels and targets in, gradient out.
#include <doctest/doctest.h>
#include <ctnet/losses.hpp>

#include <Eigen/Core>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

namespace ct = ctnet;

TEST_CASE("xtensor and Eigen give what vectors give") {
  const std::vector<float> x{1, 2, 3, 4, 5, 7};
  const std::vector<int> y{2, 0};
  const auto want = ct::CrossEntropy{}(x, y);

  const xt::xtensor<float, 2> tensor{{1, 2, 3}, {4, 5, 7}};
  const xt::xarray<float> array = tensor;
  const xt::xtensor<long, 1> labels{2, 0};
  const auto got = ct::CrossEntropy{}(tensor, labels);
  CHECK(got.value == want.value);
  CHECK(ct::CrossEntropy{}(array, labels).value == want.value);
  const xt::xtensor<float, 2> gradient = got.gradient;
  REQUIRE(gradient.shape(0) == 2);
  REQUIRE(gradient.shape(1) == 3);
  CHECK(gradient(1, 2) == want.gradient[5]);

  const Eigen::MatrixXf columns = Eigen::Map<const Eigen::MatrixXf>(x.data(), 3, 2);  // an image a column
  const Eigen::VectorXi eigen_labels = Eigen::Map<const Eigen::VectorXi>(y.data(), 2);
  CHECK(ct::CrossEntropy{}(columns, eigen_labels).value == want.value);
  CHECK(ct::MeanSquaredError{}(columns, columns).value == 0);
  const xt::xtensor<float, 2> one = xt::ones<float>({2, 3});
  CHECK(ct::MeanSquaredError{}(tensor, one).value == doctest::Approx(11));
  const xt::xtensor<float, 5> five = xt::zeros<float>({1, 1, 1, 2, 3});
  CHECK_THROWS_WITH_AS(ct::CrossEntropy{}(five, labels), "CrossEntropy: the logits have 5 dimensions, expected 1 to 4",
                       ct::Error);
}

TEST_CASE("logits, labels and targets that are pieces of others, or lie in another order") {
  const xt::xtensor<float, 2> x{{1, 2, 3}, {4, 5, 7}, {0, 6, 1}, {2, 2, 8}};
  const xt::xtensor<int, 1> y{0, 1, 2, 1};
  const xt::xtensor<float, 2> some = xt::view(x, xt::range(2, 4));
  const auto want = ct::CrossEntropy{}(some, std::vector<int>{2, 1});
  const auto labels = xt::view(y, xt::range(2, 4));
  const auto gradient = [](const auto& loss) { return std::vector<float>(loss.gradient); };
  for (const auto& got : {ct::CrossEntropy{}(xt::view(x, xt::range(2, 4)), labels),
                          ct::CrossEntropy{}(xt::xtensor<float, 2, xt::layout_type::column_major>(some), labels)}) {
    CHECK(got.value == want.value);
    CHECK(gradient(got) == gradient(want));
  }
  const xt::xtensor<int, 2> pairs{{9, 2}, {9, 1}};
  CHECK(ct::CrossEntropy{}(some, xt::view(pairs, xt::all(), 1)).value == want.value);
  CHECK_THROWS_WITH_AS(ct::CrossEntropy{}(some, xt::view(pairs, xt::all(), 0)),
                       "CrossEntropy: label 9 at row 0, classes 3", ct::Error);

  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Rows rows = Eigen::Map<const Rows>(x.data(), 4, 3);
  CHECK(ct::CrossEntropy{}(rows.bottomRows(2), labels).value == want.value);
  const Eigen::MatrixXf columns = rows.bottomRows(2);  // N x C, column-major
  CHECK_THROWS_WITH_AS(ct::CrossEntropy{}(columns, labels),
                       "CrossEntropy: the logits are a column-major Eigen matrix of 2 x 3, which lies in memory as 3 "
                       "rows, one for each of 2 targets are expected (N x C row-major or C x N column-major)",
                       ct::Error);

  xt::xtensor<float, 2> gradients = xt::zeros<float>({4, 3});
  auto place = xt::view(gradients, xt::range(1, 3));
  ct::CrossEntropy{}.compute(want.gradient.view(), labels, place);
  CHECK(gradients(0, 0) == 0);
  CHECK(gradients(1, 0) != 0);
  CHECK(gradients(2, 2) != 0);
  CHECK(gradients(3, 2) == 0);

  const auto check = [&](const auto& loss) {
    const xt::xtensor<float, 2> all = x * 0.1f, targets = xt::view(all, xt::range(1, 3));
    const auto expected = loss(some, targets);
    const auto piece = xt::view(all, xt::range(1, 3));
    CHECK(loss(some, piece).value == expected.value);
    CHECK(loss(xt::view(x, xt::range(2, 4)), piece).value == expected.value);
    CHECK(gradient(loss(some, xt::xtensor<float, 2, xt::layout_type::column_major>(piece))) == gradient(expected));
    const Rows r = Eigen::Map<const Rows>(all.data(), 4, 3).middleRows(1, 2);
    CHECK(loss(some, r).value == expected.value);
    CHECK(loss(rows.bottomRows(2), r).value == expected.value);
    const Eigen::MatrixXf c = r;
    CHECK_THROWS_AS(loss(some, c), ct::Error);
    CHECK_THROWS_AS(loss(rows.bottomRows(2), c), ct::Error);
  };
  check(ct::CrossEntropy{.label_smoothing = 0.1});
  check(ct::MeanSquaredError{});
  check(ct::SmoothL1{});
  check(ct::BinaryCrossEntropyWithLogits{});
  check(ct::BinaryCrossEntropyWithLogits{.pos_weight = {1, 2, 3}, .weight = {}});
}
