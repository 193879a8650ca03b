// SPDX-License-Identifier: MIT
// Losses on tensors of xtensor and Eigen: logits, labels and targets in, gradient out.
#include <doctest/doctest.h>
#include <ctnet/losses.hpp>

#include <Eigen/Core>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>

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
