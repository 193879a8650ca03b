// SPDX-License-Identifier: MIT
// The sets that need no file: drawn shapes, and tensors that the program holds.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <Eigen/Core>
#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace ct = ctnet;
namespace data = ctnet::data;

namespace {

template <int Side>
void shapes_hold_their_word() {
  const data::Shapes<Side> set{data::Split::train, {.size = 300, .seed = 2}};
  for (std::size_t i = 0; i < set.size(); ++i) {
    CAPTURE(i);
    const data::Sample a = set.get(i);
    REQUIRE(a.image.shape() == ct::Shape{3, Side, Side});
    REQUIRE(a.mask.shape() == ct::Shape{1, Side, Side});
    REQUIRE(a.boxes.size() == 1);
    CHECK(a.label == set.label(i));
    CHECK(a.boxes[0].label == a.label);
    data::Box box{Side, Side, 0, 0, a.label};
    int seen = 0;
    for (int y = 0; y < Side; ++y)
      for (int x = 0; x < Side; ++x)
        if (a.mask.at(0, y, x)) {
          REQUIRE(a.mask.at(0, y, x) == 1);
          ++seen;
          box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x + 1), std::max(box.bottom, y + 1),
                 a.label};
        }
    CHECK(a.boxes[0] == box);
    CHECK(seen * 40 > Side * Side);  // never a speck
  }
}

}  // namespace

TEST_CASE("shapes: label, mask and box agree, at several sizes") {
  shapes_hold_their_word<16>();
  shapes_hold_their_word<32>();
  shapes_hold_their_word<65>();
}

TEST_CASE("shapes: a picture is a function of seed, split and index") {
  const data::Shapes<32> a{data::Split::train, {.size = 500}}, b{data::Split::train, {.size = 50}};
  const data::Shapes<32> test{data::Split::test, {.size = 500}}, other{data::Split::train, {.size = 50, .seed = 1}};
  data::Sample reused;
  std::set<std::vector<unsigned char>> pictures;
  for (std::size_t i = 0; i < 500; ++i) {
    pictures.insert(a.get(i).image.values);
    pictures.insert(test.get(i).image.values);
    if (i >= 50) continue;
    b.read(i, reused);
    CHECK(reused.image.values == a.get(i).image.values);
    CHECK(reused.image.values != other.get(i).image.values);
  }
  CHECK(pictures.size() == 1000);  // all different: the splits have none in common
  CHECK(data::Shapes<32>{}.size() == 20000);
  CHECK(data::Shapes<32>{data::Split::test}.size() == 4000);
}

TEST_CASE("the pictures of shapes are the same, built by any compiler") {
  std::uint64_t hash = 1469598103934665603u;
  const data::Shapes<32> set;
  for (std::size_t i = 0; i < 100; ++i)
    for (const unsigned char v : set.get(i).image.values) hash = (hash ^ v) * 1099511628211u;
  CHECK(hash == 0x9c381516fe0cd8fdu);  // as g++ and clang give it
}

TEST_CASE("shapes: ten classes, each as often as the others") {
  const data::Shapes<32> set;
  std::vector<int> count(10);
  for (std::size_t i = 0; i < set.size(); ++i) ++count.at(static_cast<std::size_t>(set.label(i)));
  for (const int c : count) CHECK(std::abs(c - 2000) < 4 * 42.4);
  CHECK(set.classes().size() == 10);
  CHECK(std::string(set.classes()[6]) == "star");
}

TEST_CASE("shapes: without noise and clutter an object differs from what is around it") {
  // The mean colour under the mask is lighter than that of the rest: what a network can learn first.
  const data::Shapes<32> set{data::Split::test, {.size = 300, .noise = 0}};
  int lighter = 0;
  for (std::size_t i = 0; i < set.size(); ++i) {
    const data::Sample s = set.get(i);
    double in = 0, out = 0, n = 0;
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x)
        for (int c = 0; c < 3; ++c) {
          const bool inside = s.mask.at(0, y, x) != 0;
          (inside ? in : out) += s.image.at(c, y, x);
          n += inside;
        }
    lighter += in / n > out / (3 * 1024 - n) + 20;
  }
  CHECK(lighter > 280);
}

TEST_CASE("a TensorDataset of floats gives them as they are") {
  std::vector<float> images(5 * 2 * 3 * 4);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<float>(i) - 50.5f;
  const std::vector<int> labels{4, 3, 2, 1, 0};
  const data::TensorDataset<ct::Image<2, 3, 4>> set{images, labels, {"a", "b"}};
  CHECK(std::string(set.classes()[1]) == "b");
  data::Loader loader{set, data::Compose{}, {.batch_size = 5}};
  static_assert(decltype(loader)::shape == ct::Shape{2, 3, 4});
  const auto it = loader.begin();
  CHECK(std::vector<float>(it->images.begin(), it->images.end()) == images);
  CHECK(std::vector<int>(it->labels.begin(), it->labels.end()) == labels);
  CHECK(it->images.shape(3) == 4);

  data::Loader changed{
      set, data::Compose{data::Normalize{{1.0f, 2.0f}, {2.0f, 4.0f}}, data::CenterCrop<2>{}}, {.batch_size = 2}};
  const auto at = changed.begin();
  CHECK(at->images(0, 1, 0, 0) == (images[12 + 1] - 2.0f) / 4.0f);  // (3 - 2) / 2 rounds to even: row 0
  CHECK(at->images(1, 0, 1, 1) == (images[24 + 6] - 1.0f) / 2.0f);
}

TEST_CASE("a TensorDataset of bytes goes through every transform") {
  std::vector<unsigned char> images(3 * 2 * 2 * 2);
  for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<unsigned char>(i);
  const std::vector<long> labels{0, 1, 1};
  data::Loader loader{data::TensorDataset<ct::Image<2, 2, 2>, unsigned char>{images, labels},
                      data::Compose{data::ToTensor{}},
                      {.batch_size = 3}};
  const auto it = loader.begin();
  for (std::size_t i = 0; i < images.size(); ++i) CHECK(it->images[i] == static_cast<float>(i) / 255.0f);
}

TEST_CASE("a TensorDataset of pieces of tensors, and of tensors in another order") {
  xt::xtensor<float, 4> images({6, 2, 3, 4});
  for (std::size_t i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(i);
  const xt::xtensor<int, 2> labels{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9}, {10, 11}};
  using Set = data::TensorDataset<ct::Image<2, 3, 4>>;
  const auto check = [](const Set& set) {
    REQUIRE(set.size() == 2);
    CHECK(set.label(0) == 7);
    CHECK(set.label(1) == 9);
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t k = 0; k < 24; ++k) CHECK(set.get(i).tensor.data()[k] == static_cast<float>((i + 3) * 24 + k));
  };
  const auto piece = xt::view(images, xt::range(3, 5));
  const auto truth = xt::view(labels, xt::range(3, 5), 1);
  check(Set{piece, truth});
  check(Set{xt::xtensor<float, 4, xt::layout_type::column_major>(piece), xt::xarray<long>(truth)});

  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Rows rows = Eigen::Map<const Rows>(images.data(), 6, 24);
  const data::TensorDataset<ct::Features<3>> features{rows.block(3, 3, 2, 3), truth};
  CHECK(features.get(1).tensor.data()[2] == 4 * 24 + 5);
  const Eigen::MatrixXf columns = rows.block(3, 3, 2, 3);
  CHECK_THROWS_WITH_AS((data::TensorDataset<ct::Features<3>>{columns, truth}), doctest::Contains("3 runs of 2"),
                       ct::Error);
}

TEST_CASE("features have a shape of their own") {
  const std::vector<double> rows{1, 2, 3, 4, 5, 6};
  const std::vector<int> labels{7, 8};
  data::Loader loader{data::TensorDataset<ct::Features<3>>{rows, labels}, data::Compose{}, {.batch_size = 2}};
  const auto it = loader.begin();
  CHECK(it->images.rank() == 2);
  CHECK(it->images.shape(1) == 3);
  CHECK(it->images(1, 0) == 4);
}

TEST_CASE("tensors that do not fit are errors") {
  using Set = data::TensorDataset<ct::Image<1, 2, 2>>;
  using Bytes = data::TensorDataset<ct::Image<1, 2, 2>, unsigned char>;
  const std::vector<float> images(8, 1.0f), odd(7);
  const std::vector<int> labels{1, 2}, more{1, 2, 3};
  CHECK_THROWS_WITH_AS((Set{odd, labels}), doctest::Contains("7 elements, expected a multiple of 1 x 2 x 2"),
                       ct::Error);
  CHECK_THROWS_WITH_AS((Set{images, more}), doctest::Contains("3 labels for 2 images"), ct::Error);
  for (const double bad : {0.5, 3e9, -3e9, std::nan("")})
    CHECK_THROWS_WITH_AS((Set{images, std::vector<double>{1, bad}}), doctest::Contains("label 1 is "), ct::Error);
  CHECK_THROWS_WITH_AS((Set{images, std::vector<long long>{1, 1LL << 32}}),
                       "TensorDataset: label 1 is 4294967296, expected a whole number that an int holds", ct::Error);
  CHECK(Set{images, std::vector<long long>{1, -100}}.label(1) == -100);
  CHECK(Set{images, std::vector<unsigned char>{1, 255}}.label(1) == 255);
  std::vector<float> values(8, 3.0f);
  CHECK(Bytes{values, labels}.size() == 2);
  for (const float bad : {-1.0f, 256.0f, 0.5f, std::nanf("")}) {
    values[5] = bad;
    CHECK_THROWS_WITH_AS((Bytes{values, labels}), doctest::Contains("value 5 of the images"), ct::Error);
  }
}
