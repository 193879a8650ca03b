// SPDX-License-Identifier: MIT
// Tensors at the door: what a network takes and gives, to and from the standard library, xtensor and Eigen.
#include <Eigen/Dense>
#include <unsupported/Eigen/CXX11/Tensor>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <deque>
#include <list>
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
static_assert(!TensorLike<std::vector<bool>>);
static_assert(!TensorLike<std::list<float>>);
static_assert(!TensorLike<decltype(std::declval<const xt::xarray<float>&>() + 1.f)>);
static_assert(!TensorLike<decltype(std::declval<const Eigen::MatrixXf&>() * 2.f)>);
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

namespace {
// Strides, or none at all, behind names that nobody knows.
struct Padded {
  std::vector<float> values;
  const float* data() const { return values.data(); }
  std::size_t size() const { return values.size(); }
  std::size_t spacing() const { return 16; }
};
struct MultiArray {  // as boost's, whose size() is that of its first dimension
  const float* at;
  const float* data() const { return at; }
  std::size_t size() const { return 2; }
  const long* strides() const { return nullptr; }
};
struct Fancy {
  struct Pointer {
    float operator*() const { return 0; }
  };
  Pointer data() const { return {}; }
  std::size_t size() const { return 1; }
};

template <class X>
std::vector<float> numbers_of(const X& t) {
  const auto d = dense(t, "t");
  return {d.data(), d.data() + d.size()};
}
// Element by element, by the tensor's own indices.
template <class X>
std::vector<float> in_order(const X& t) {
  return {t.begin(), t.end()};
}
template <class X>
bool copied(const X& t) {
  const auto d = dense(t, "t");
  return d.data() != t.data() + detail::layout_of(t).offset;
}
xt::xtensor<float, 3> cube() {
  xt::xtensor<float, 3> t({4, 5, 6});
  for (std::size_t i = 0; i < t.size(); ++i) t.data()[i] = static_cast<float>(i);
  return t;
}
}  // namespace

static_assert(!TensorLike<Padded>);
static_assert(!TensorLike<MultiArray>);
static_assert(!TensorLike<Fancy>);

TEST_CASE("a tensor that is a piece of another is read where it lies, by its strides") {
  const xt::xtensor<float, 3> t = cube();
  const auto both = [](const auto& x, bool copy) {
    CHECK(numbers_of(x) == in_order(x));
    CHECK(copied(x) == copy);
  };
  both(t, false);
  both(xt::view(t, xt::range(1, 3)), false);
  both(xt::view(t, 2), false);
  both(xt::view(t, 2, 3), false);
  both(xt::view(xt::view(t, xt::range(1, 4)), xt::range(1, 3)), false);
  both(xt::view(t, xt::range(2, 3), xt::range(1, 4)), false);  // one image, some of its rows
  both(xt::view(t, xt::newaxis(), xt::range(1, 3)), false);
  both(xt::strided_view(t, {xt::range(3, 4)}), false);
  both(xt::view(t, xt::range(0, 4), xt::range(1, 4)), true);
  both(xt::view(t, xt::all(), xt::all(), 3), true);
  both(xt::view(t, xt::all(), 1), true);
  both(xt::view(t, xt::range(0, 4, 2)), true);
  both(xt::view(t, xt::range(3, 0, -1)), true);
  both(xt::flip(t, 0), true);
  both(xt::flip(t, 2), true);
  both(xt::transpose(t), true);
  both(xt::transpose(t, {0, 2, 1}), true);
  both(xt::strided_view(t, {xt::ellipsis(), xt::range(1, 3)}), true);
  both(xt::xtensor<float, 3, xt::layout_type::column_major>(t), true);
  both(xt::xarray<float, xt::layout_type::column_major>(t), true);
  both(xt::view(xt::xarray<float, xt::layout_type::column_major>(t), xt::range(1, 3)), true);
  both(xt::xtensor_fixed<float, xt::xshape<2, 3>>{{1, 2, 3}, {4, 5, 6}}, false);
  both(xt::xtensor_fixed<float, xt::xshape<2, 3>, xt::layout_type::column_major>{{1, 2, 3}, {4, 5, 6}}, true);
  both(xt::adapt(counting(6), std::vector<std::size_t>{2, 3}), false);
  both(xt::xtensor<float, 2>(std::array<std::size_t, 2>{0, 3}), false);
  const xt::xarray<float> many = xt::zeros<float>(std::vector<std::size_t>(9, 1));
  CHECK(error_of([&] { numbers_of(many); }) == "t has 9 dimensions, at most 8 are taken");
}

TEST_CASE("Eigen's blocks, maps and transposes are read by their strides, as they lie") {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto v = counting(24);
  const Rows rows = Eigen::Map<const Rows>(v.data(), 4, 6);  // (N, F)
  CHECK(numbers_of(rows.block(1, 1, 2, 3)) == std::vector<float>{7, 8, 9, 13, 14, 15});
  CHECK(numbers_of(rows.row(2)) == std::vector<float>{12, 13, 14, 15, 16, 17});
  CHECK(numbers_of(rows.col(2)) == std::vector<float>{2, 8, 14, 20});
  CHECK(numbers_of(rows.topRows(2)) == counting(12));
  CHECK(!copied(rows.middleRows(1, 2)));
  CHECK(copied(rows.leftCols(2)));
  CHECK(numbers_of(rows.diagonal()) == std::vector<float>{0, 7, 14, 21});
  const Eigen::MatrixXf columns = rows;  // lies in memory as 6 runs of 4
  CHECK(numbers_of(columns).at(1) == 6);
  CHECK(numbers_of(columns.row(1)) == std::vector<float>{6, 7, 8, 9, 10, 11});
  CHECK(numbers_of(columns.row(1).transpose()) == std::vector<float>{6, 7, 8, 9, 10, 11});
  CHECK(numbers_of(columns.block(1, 1, 2, 2)) == std::vector<float>{7, 13, 8, 14});
  CHECK(numbers_of(Eigen::Map<const Eigen::VectorXf, 0, Eigen::InnerStride<>>(v.data(), 3, Eigen::InnerStride<>(5))) ==
        std::vector<float>{0, 5, 10});
  CHECK(numbers_of(Eigen::Map<const Rows, 0, Eigen::OuterStride<>>(v.data() + 7, 2, 3, Eigen::OuterStride<>(6))) ==
        std::vector<float>{7, 8, 9, 13, 14, 15});

  Eigen::Tensor<float, 3> tensor(2, 3, 4);
  Eigen::Tensor<float, 3, Eigen::RowMajor> row_major(2, 3, 4);
  for (long a = 0; a < 2; ++a)
    for (long b = 0; b < 3; ++b)
      for (long c = 0; c < 4; ++c) tensor(a, b, c) = row_major(a, b, c) = static_cast<float>((a * 3 + b) * 4 + c);
  CHECK(numbers_of(tensor) == v);
  CHECK(numbers_of(row_major) == v);
  CHECK(copied(tensor));
  CHECK(!copied(row_major));
  CHECK(batch_of(tensor, Shape{2, 3, 4}, "x") == 1);
}

TEST_CASE("batch_of refuses matrices whose runs are not images, and shapes without values") {
  const Eigen::MatrixXf columns = Eigen::MatrixXf::Zero(8, 15);  // N x F, column-major
  CHECK(error_of([&] { batch_of(columns, Shape{15}, "the input"); }) ==
        "the input is a column-major Eigen matrix of 8 x 15, which lies in memory as 15 runs of 8, expected runs of 15 "
        "(N x F row-major or F x N column-major)");
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> rows = columns;
  CHECK(batch_of(rows, Shape{15}, "x") == 8);
  CHECK(batch_of(rows, Shape{1, 4, 15}, "x") == 2);  // an image's rows
  CHECK(batch_of(rows, Shape{2, 4, 15}, "x") == 1);
  CHECK(batch_of(Eigen::VectorXf(30), Shape{15}, "x") == 2);
  CHECK(batch_of(Eigen::RowVectorXf(30), Shape{15}, "x") == 2);
  CHECK(batch_of(Eigen::MatrixXf(columns.transpose()), Shape{15}, "x") == 8);
  CHECK(error_of([] {
          batch_of(std::vector<float>(3), Shape{3, 0, 0}, "the input");
        }) == "the input is of images of 3 x 0 x 0, which have no values");
  CHECK(error_of([] {
          batch_of(std::vector<float>(), Shape{3, any_size, any_size}, "the input");
        }) == "the input is of images of 3 x any x any, which have no values");
}

TEST_CASE("a view becomes a column-major tensor, and a matrix of a fixed size only of its own") {
  const auto v = counting(6);
  const View<const float> features{v.data(), 2, Shape{3}};
  const xt::xtensor<float, 2, xt::layout_type::column_major> columns = features;
  CHECK(columns(0, 2) == 2);
  CHECK(columns(1, 0) == 3);
  const xt::xarray<float, xt::layout_type::column_major> any_rank = features;
  CHECK(any_rank(1, 1) == 4);
  const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> fixed = features;
  CHECK(fixed(1, 0) == 3);
  const Eigen::VectorXf all = features;
  CHECK(all.size() == 6);
  const Eigen::RowVectorXf row = features;
  CHECK(row(5) == 5);
  CHECK(error_of([&] { [[maybe_unused]] const Eigen::Matrix2f m = features; }) ==
        "a view of 3 x 2 values cannot become an Eigen matrix of 2 x 2");
  CHECK(error_of([&] { [[maybe_unused]] const Eigen::Matrix<float, 4, Eigen::Dynamic> m = features; }) ==
        "a view of 3 x 2 values cannot become an Eigen matrix of 4 x any");
}
