// SPDX-License-Identifier: MIT
// MixLoader: images and targets mixed in one ratio, as torchvision.transforms.v2's MixUp and CutMix; the same batches
// for any number of workers and from any batch on.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ct = ctnet;
namespace data = ctnet::data;

namespace {

const data::Compose plain{data::ToTensor{}};
// Image i is all i, of class i % 3.
struct Flat : data::Get<Flat> {
  static constexpr ct::Shape shape{2, 9, 11};
  std::size_t count = 23;
  std::size_t size() const { return count; }
  int label(std::size_t i) const { return static_cast<int>(i % 3); }
  void read(std::size_t i, data::Sample& s) const {
    s.label = label(i);
    s.image.resize(2, 9, 11);
    std::fill(s.image.values.begin(), s.image.values.end(), static_cast<unsigned char>(i));
  }
};

struct Copy {
  std::vector<float> images, targets;
  std::vector<std::size_t> indices;
  bool operator==(const Copy&) const = default;
};
template <class Range>
std::vector<Copy> collect(Range&& range) {
  std::vector<Copy> all;
  for (const auto& b : range)
    all.push_back({{b.images.begin(), b.images.end()},
                   {b.targets.begin(), b.targets.end()},
                   {b.indices.begin(), b.indices.end()}});
  return all;
}
// The share of image i itself, told from its targets; i and its partner are of different classes.
double share_of(const data::SoftBatch& b, std::size_t i) { return static_cast<double>(b.targets(i, b.indices[i] % 3)); }

}  // namespace

TEST_CASE("MixUp: each image and the one before it, in the ratio of the targets") {
  const Flat set;
  data::Loader loader{set, plain, {.batch_size = 5, .seed = 1}};
  data::MixLoader mixed{loader, 4, data::MixUp{}};
  static_assert(decltype(mixed)::shape == ct::Shape{2, 9, 11});
  CHECK(mixed.batches() == 5);
  std::vector<double> shares;
  for (int epoch = 0; epoch < 40; ++epoch)
    for (const auto& b : mixed) {
      const std::size_t n = b.size();
      CHECK(b.targets.rank() == 2);
      CHECK(b.targets.shape(1) == 4);
      CHECK(b.images.shape(3) == 11);
      const double share = share_of(b, 1);
      shares.push_back(share);
      for (std::size_t i = 0; i < n; ++i) {
        const std::size_t own = b.indices[i], other = b.indices[i == 0 ? n - 1 : i - 1];
        for (std::size_t c = 0; c < 4; ++c)
          REQUIRE(static_cast<double>(b.targets(i, c)) ==
                  doctest::Approx((own % 3 == c) * share + (other % 3 == c) * (1 - share)).epsilon(1e-6));
        const double value = (static_cast<double>(own) * share + static_cast<double>(other) * (1 - share)) / 255;
        for (std::size_t k = 0; k < 2 * 9 * 11; ++k)
          REQUIRE(static_cast<double>(b.images[i * 198 + k]) == doctest::Approx(value).epsilon(1e-5));
      }
    }
  // alpha 1 is uniform: four deviations of mean and of variance
  double mean = 0, square = 0;
  for (const double s : shares) mean += s / 200, square += (s - 0.5) * (s - 0.5) / 200;
  CHECK(shares.size() == 200);
  CHECK(std::abs(mean - 0.5) < 4 * std::sqrt(1 / 12.0 / 200));
  CHECK(std::abs(square - 1 / 12.0) < 4 * std::sqrt((1 / 80.0 - 1 / 144.0) / 200));
}

TEST_CASE("CutMix: a box of the partner, its area in the targets") {
  const Flat set;
  data::Loader loader{set, plain, {.batch_size = 5, .seed = 2}};
  data::MixLoader mixed{loader, 3, data::CutMix{}};
  int boxes = 0, whole = 0;
  for (int epoch = 0; epoch < 20; ++epoch)
    for (const auto& b : mixed) {
      if (b.size() < 5) continue;
      int left = 11, right = 0, top = 9, bottom = 0, area = 0;
      for (std::size_t i = 0; i < 5; ++i) {
        const auto own = static_cast<float>(b.indices[i]) / 255.0f,
                   other = static_cast<float>(b.indices[(i + 4) % 5]) / 255.0f;
        int here = 0;
        for (std::size_t c = 0; c < 2; ++c)
          for (int y = 0; y < 9; ++y)
            for (int x = 0; x < 11; ++x) {
              const float v = b.images(i, c, static_cast<std::size_t>(y), static_cast<std::size_t>(x));
              REQUIRE((v == own || v == other));
              if (v != other) continue;
              here += c == 0;
              left = std::min(left, x), right = std::max(right, x + 1);
              top = std::min(top, y), bottom = std::max(bottom, y + 1);
            }
        if (i == 0) area = here;
        REQUIRE(here == area);
        REQUIRE(share_of(b, i) == doctest::Approx(1 - area / 99.0).epsilon(1e-6));
      }
      if (area > 0) REQUIRE(area == (right - left) * (bottom - top));
      boxes += area > 0, whole += area == 99;
    }
  CHECK(boxes > 40);
  CHECK(whole < 10);
}

TEST_CASE("mixed batches are the same for any number of workers, and from any batch on") {
  const Flat set;
  data::LoaderOptions options{.batch_size = 4, .shuffle = true, .seed = 3};
  const auto batches = [&](int workers) {
    options.workers = workers;
    data::MixLoader mixed{data::Loader{set, plain, options}, 3, data::MixUp{.alpha = 0.4}, data::CutMix{}};
    auto first = collect(mixed), second = collect(mixed);
    CHECK(first != second);
    CHECK(collect(mixed.epoch(0)) == first);
    for (std::size_t from = 0; from <= 6; ++from) {
      const auto rest = collect(mixed.epoch(1, from));
      CHECK(rest == std::vector<Copy>(second.begin() + static_cast<std::ptrdiff_t>(from), second.end()));
    }
    first.insert(first.end(), second.begin(), second.end());
    return first;
  };
  const auto alone = batches(0);
  CHECK(alone.size() == 12);
  CHECK(batches(2) == alone);
  options.seed = 4;
  CHECK(batches(1) != alone);
  // two loops at a time, one left before its end
  data::MixLoader mixed{data::Loader{set, plain, options}, 3, data::MixUp{}};
  int pairs = 0;
  for (const auto& a : mixed) {
    for (const auto& b : mixed) pairs += a.size() == b.size();
    break;
  }
  CHECK(pairs == 5);
}

TEST_CASE("features are mixed too; numbers that make no sense are errors") {
  const data::TensorDataset<ct::Features<2>> rows{std::vector<float>{0, 0, 8, 16}, std::vector<int>{0, 1}};
  data::Loader loader{rows, data::Compose{}, {.batch_size = 2}};
  data::MixLoader mixed{loader, 2, data::MixUp{}};
  const auto batch = mixed.begin();
  CHECK(batch->images(0, 1) == doctest::Approx(16 * static_cast<double>(batch->targets(0, 1))));
  CHECK(batch->images(1, 0) == doctest::Approx(8 * static_cast<double>(batch->targets(1, 1))));

  CHECK_THROWS_WITH_AS((data::MixLoader{loader, 0, data::MixUp{}}), "MixLoader: num_classes is 0, expected 1 or more",
                       ct::Error);
  CHECK_THROWS_WITH_AS((data::MixLoader{loader, 2, data::MixUp{.alpha = 0}}), doctest::Contains("MixUp: alpha is 0"),
                       ct::Error);
  const Flat set;
  data::Loader images{set, plain, {.batch_size = 5}};
  CHECK_THROWS_WITH_AS((data::MixLoader{images, 3, data::CutMix{.alpha = std::nan("")}}),
                       doctest::Contains("CutMix: alpha is nan"), ct::Error);
  data::MixLoader few{images, 2, data::MixUp{}};
  CHECK_THROWS_WITH_AS(collect(few), "MixLoader: image 2 has label 2, expected 0 to 1", ct::Error);
}
