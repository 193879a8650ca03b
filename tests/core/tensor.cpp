// SPDX-License-Identifier: MIT
// Tensors at the door: what a network takes and gives, to and from the standard library, xtensor and Eigen.
#include <Eigen/Dense>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>

#include <deque>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/core/tensor.hpp>

#include "support/error.hpp"

using namespace ctnet;

static std::vector<float> counting(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i);
  return v;
}
using test::error_of;

static_assert(TensorLike<std::vector<float>>);
static_assert(TensorLike<std::span<const double>>);
static_assert(TensorLike<View<const float>>);
static_assert(TensorLike<xt::xtensor<float, 4>>);
static_assert(TensorLike<xt::xarray<double>>);
static_assert(TensorLike<Eigen::MatrixXf>);
static_assert(TensorLike<std::array<float, 3>>);
static_assert(!TensorLike<int>);
static_assert(!TensorLike<std::deque<float>>);
static_assert(!TensorLike<std::vector<std::string>>);
static_assert(std::is_same_v<scalar_of<xt::xtensor<double, 2>>, double>);

TEST_CASE("a view knows its shape and finds its elements") {
  const auto v = counting(2 * 3 * 4 * 5);
  const View<const float> view{v.data(), 2, Shape{3, 4, 5}};
  CHECK(view.rank() == 4);
  CHECK(view.size() == 120);
  CHECK(view.shape(0) == 2);
  CHECK(view.shape(3) == 5);
  CHECK(view.shape().size() == 4);
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t h = 0; h < 4; ++h)
        for (std::size_t w = 0; w < 5; ++w)
          CHECK(view(n, c, h, w) == static_cast<float>(((n * 3 + c) * 4 + h) * 5 + w));
  CHECK(view[119] == 119);
  CHECK(view.end() - view.begin() == 120);
  const View<const float> features{v.data(), 8, Shape{15}};
  CHECK(features.rank() == 2);
  CHECK(features(7, 14) == 119);
  CHECK(View<const float>{}.size() == 0);
}

TEST_CASE("a view becomes a vector, a span, an xtensor, an Eigen matrix") {
  const auto v = counting(2 * 3 * 4 * 5);
  const View<const float> images{v.data(), 2, Shape{3, 4, 5}}, features{v.data(), 8, Shape{15}};
  const std::vector<float> vector = images;
  CHECK(vector == v);
  const std::span<const float> span = images;
  CHECK(span.data() == v.data());
  CHECK(span.size() == v.size());

  const xt::xtensor<float, 4> x4 = images;
  CHECK(x4.shape(1) == 3);
  CHECK(x4(1, 2, 3, 4) == 119);
  CHECK(x4(0, 1, 0, 2) == 22);
  const xt::xtensor<float, 2> x2 = features;
  CHECK(x2.shape(0) == 8);
  CHECK(x2(3, 7) == 52);
  const xt::xarray<float> any_rank = images;
  CHECK(any_rank.dimension() == 4);
  CHECK(any_rank(1, 0, 0, 1) == 61);

  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = features;  // (N, F)
  CHECK(rows.rows() == 8);
  CHECK(rows.cols() == 15);
  CHECK(rows(3, 7) == 52);
  const Eigen::MatrixXf columns = features;  // (F, N): the same memory
  CHECK(columns.rows() == 15);
  CHECK(columns.cols() == 8);
  CHECK(columns(7, 3) == 52);
  const Eigen::MatrixXf pixels = images;
  CHECK(pixels.rows() == 60);
  CHECK(pixels.cols() == 2);
}

TEST_CASE("a view of four dimensions becomes no tensor of two") {
  const auto v = counting(24);
  const View<const float> images{v.data(), 2, Shape{3, 2, 2}};
  CHECK(error_of([&] { [[maybe_unused]] const xt::xtensor<float, 2> x = images; }) ==
        "a view of rank 4 cannot become a tensor of rank 2");
}

TEST_CASE("batch_of counts images, by shape where the tensor has one") {
  const Shape image{3, 4, 5};
  CHECK(batch_of(counting(120), image, "x") == 2);
  CHECK(batch_of(counting(60), image, "x") == 1);
  CHECK(batch_of(xt::xtensor<float, 4>(std::array<std::size_t, 4>{7, 3, 4, 5}), image, "x") == 7);
  CHECK(batch_of(xt::xtensor<float, 3>(std::array<std::size_t, 3>{3, 4, 5}), image, "x") == 1);
  CHECK(batch_of(xt::xarray<float>(std::vector<std::size_t>{2, 3, 4, 5}), image, "x") == 2);
  CHECK(batch_of(Eigen::MatrixXf(15, 8), Shape{15}, "x") == 8);
  const auto v = counting(120);
  CHECK(batch_of(View<const float>{v.data(), 2, image}, image, "x") == 2);
}

TEST_CASE("batch_of names the tensor and both shapes where they differ") {
  const Shape image{3, 4, 5};
  CHECK(error_of([&] { batch_of(counting(119), image, "the input"); }) ==
        "the input has 119 elements, expected a multiple of 3 x 4 x 5 = 60");
  CHECK(error_of([&] {
          batch_of(xt::xtensor<float, 4>(std::array<std::size_t, 4>{2, 5, 4, 3}), image, "the input");
        }) == "the input has shape 2 x 5 x 4 x 3, expected N x 3 x 4 x 5");
  CHECK(error_of([&] {
          batch_of(xt::xtensor<float, 2>(std::array<std::size_t, 2>{2, 60}), image, "the input");
        }) == "the input has shape 2 x 60, expected N x 3 x 4 x 5");
  CHECK(error_of([&] {
          batch_of(xt::xtensor<float, 2>(std::array<std::size_t, 2>{15, 8}), Shape{15}, "the input");
        }) == "the input has shape 15 x 8, expected N x 15");
}
