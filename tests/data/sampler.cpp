// SPDX-License-Identifier: MIT
// Samplers: what comes how often, against the laws they promise. Seeds are fixed.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace ct = ctnet;
namespace data = ctnet::data;

namespace {

// n images of one pixel; one in ten is of class 1, one in a hundred of class 2.
struct Rare : data::Get<Rare> {
  static constexpr ct::Shape shape{1, 1, 1};
  std::size_t count = 1000;
  std::size_t size() const { return count; }
  int label(std::size_t i) const { return i % 100 == 0 ? 2 : i % 10 == 0 ? 1 : 0; }
  void read(std::size_t i, data::Sample& sample) const {
    sample.label = label(i);
    sample.image.resize(1, 1, 1);
    sample.image.values[0] = static_cast<unsigned char>(i);
  }
};

const data::Compose plain{data::ToTensor{}};

std::vector<int> labels_of_epochs(data::Loader<Rare, data::Compose<data::ToTensor>>& loader, std::size_t epochs) {
  std::vector<int> count(3);
  for (std::size_t e = 0; e < epochs; ++e)
    for (const std::size_t i : loader.order(e)) ++count[static_cast<std::size_t>(loader.dataset().label(i))];
  return count;
}

}  // namespace

TEST_CASE("shuffle: every place of every image is equally likely") {
  Rare set;
  set.count = 12;
  data::Loader loader{set, plain, {.shuffle = true, .seed = 4}};
  std::vector<int> count(144);
  for (std::size_t e = 0; e < 12000; ++e) {
    const auto order = loader.order(e);
    for (std::size_t k = 0; k < 12; ++k) ++count[k * 12 + order[k]];
  }
  double chi = 0;
  for (const int c : count) chi += (c - 1000.0) * (c - 1000.0) / 1000.0;
  CHECK(chi > 121 - 4 * std::sqrt(2.0 * 121));  // 11 x 11 degrees of freedom
  CHECK(chi < 121 + 4 * std::sqrt(2.0 * 121));
}

TEST_CASE("class-balanced resampling gives each class its share") {
  const Rare set;
  data::Loader loader{set, plain, {.batch_size = 10, .seed = 1, .sampler = data::ClassBalancedSampler{}}};
  CHECK(loader.images() == 1000);
  CHECK(loader.batches() == 100);
  const auto count = labels_of_epochs(loader, 30);
  for (const int c : count) CHECK(std::abs(c - 10000) < 4 * 82);  // deviation of a binomial: sqrt(n / 3 * 2 / 3)

  data::Loader longer{set, plain, {.batch_size = 7, .sampler = data::ClassBalancedSampler{.num_samples = 2500}}};
  CHECK(longer.images() == 2500);
  std::size_t images = 0;
  for (const auto& batch : longer) images += batch.size();
  CHECK(images == 2500);
}

TEST_CASE("a weighted sampler follows its weights, with replacement and without") {
  Rare set;
  set.count = 6;
  const std::vector<double> weights{0, 1, 2, 3, 4, 0};
  data::Loader with{set, plain, {.seed = 2, .sampler = data::WeightedRandomSampler{weights, 20000}}};
  std::vector<int> count(6);
  for (const std::size_t i : with.order(0)) ++count[i];
  for (std::size_t i = 0; i < 6; ++i) {
    const double p = weights[i] / 10;
    CHECK(std::abs(count[i] - 20000 * p) <= 4 * std::sqrt(20000 * p * (1 - p)));
  }
  CHECK(with.order(0) != with.order(1));

  data::Loader without{set, plain, {.seed = 2, .sampler = data::WeightedRandomSampler{weights, 2, false}}};
  std::vector<int> first(6), second(6);
  for (std::size_t e = 0; e < 20000; ++e) {
    const auto order = without.order(e);
    REQUIRE(order.size() == 2);
    REQUIRE(order[0] != order[1]);
    ++first[order[0]], ++second[order[1]];
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const double p = weights[i] / 10;
    CHECK(std::abs(first[i] - 20000 * p) <= 4 * std::sqrt(20000 * p * (1 - p)));
    double q = 0;  // drawn second: after each other first
    for (std::size_t j = 0; j < 6; ++j)
      if (j != i) q += weights[j] / 10 * weights[i] / (10 - weights[j]);
    CHECK(std::abs(second[i] - 20000 * q) <= 4 * std::sqrt(20000 * q * (1 - q)));
  }
  data::Loader all{set, plain, {.sampler = data::WeightedRandomSampler{weights, 0, false}}};
  CHECK(all.size() == 4);
}

TEST_CASE("weights that make no sense are errors") {
  Rare set;
  set.count = 3;
  const auto refuses = [&](const data::WeightedRandomSampler& s, const char* words) {
    CHECK_THROWS_WITH_AS((data::Loader{set, plain, {.sampler = s}}), doctest::Contains(words), ct::Error);
  };
  refuses({{1, 2}}, "2 weights for a data set of 3 images");
  refuses({{1, -2, 3}}, "weight of image 1 is -2");
  refuses({{1, 2, std::nan("")}}, "weight of image 2");
  refuses({{1, 2, std::numeric_limits<double>::infinity()}}, "weight of image 2 is inf");
  refuses({{1e308, 1e308, 1e308}}, "the sum of 3 weights");
  refuses({{0, 0, 0}}, "none of 3 weights is above 0");
  refuses({{1, 0, 1}, 3, false}, "3 images without replacement, but only 2 have a weight above 0");
}
