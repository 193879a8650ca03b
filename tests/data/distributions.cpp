// SPDX-License-Identifier: MIT
// Random parameters against torchvision's recorded draws (Kolmogorov and Smirnov's two-sample test) and against their
// laws (chi-square). Seeds are fixed: a test that passes passes always; bounds are those of p = 0.0001 or less.
#include <doctest/doctest.h>

#include <ctnet/data.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "recorded.hpp"

namespace ct = ctnet;
namespace data = ctnet::data;

namespace {

using Columns = std::vector<std::vector<double>>;

Columns columns(const std::string& name) {
  const auto& e = recorded::find(name);
  Columns out(static_cast<std::size_t>(e.dims[1]));
  for (std::size_t i = 0; i < e.floats.size(); ++i) out[i % out.size()].push_back(static_cast<double>(e.floats[i]));
  return out;
}

// The largest distance between two empirical distributions, in units of its scale: 2.23 is p = 0.0001.
double kolmogorov_smirnov(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double most = 0;
  std::size_t i = 0, j = 0;
  const auto n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  while (i < a.size() && j < b.size()) {
    const double v = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= v) ++i;
    while (j < b.size() && b[j] <= v) ++j;
    most = std::max(most, std::abs(static_cast<double>(i) / n - static_cast<double>(j) / m));
  }
  return most * std::sqrt(n * m / (n + m));
}

// Chi-square of counts that should be equal, in deviations from its mean.
double unevenness(const std::vector<int>& counts) {
  double n = 0, chi = 0;
  for (const int c : counts) n += c;
  const double expected = n / static_cast<double>(counts.size()), freedom = static_cast<double>(counts.size()) - 1;
  for (const int c : counts) chi += (c - expected) * (c - expected) / expected;
  return (chi - freedom) / std::sqrt(2 * freedom);
}

}  // namespace

TEST_CASE("the test itself tells distributions apart") {
  std::vector<double> a, b, c;
  ct::Random random{ct::Seed{5}};
  for (int i = 0; i < 2000; ++i) {
    a.push_back(random.uniform());
    b.push_back(random.uniform());
    c.push_back(random.uniform(0, 1.1));
  }
  CHECK(kolmogorov_smirnov(a, b) < 2.23);
  CHECK(kolmogorov_smirnov(a, c) > 2.23);
}

TEST_CASE("RandomResizedCrop draws as torchvision does") {
  const Columns theirs = columns("draws resized_crop");
  Columns ours(4);
  ct::Random random{ct::Seed{7}};
  for (std::size_t i = 0; i < 20000; ++i) {
    const data::Region r = data::RandomResizedCrop<224>{}.draw(60, 80, random);
    REQUIRE((r.top >= 0 && r.left >= 0 && r.h > 0 && r.w > 0 && r.top + r.h <= 60 && r.left + r.w <= 80));
    ours[0].push_back(r.top), ours[1].push_back(r.left), ours[2].push_back(r.h), ours[3].push_back(r.w);
  }
  REQUIRE(theirs[0].size() == 2000);
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(k);
    CHECK(kolmogorov_smirnov(ours[k], theirs[k]) < 2.23);
  }
  const data::Region strip = data::RandomResizedCrop<9>{.scale = {0.9, 1.0}}.draw(8, 200, random);
  const data::Region tower = data::RandomResizedCrop<9>{.scale = {0.9, 1.0}}.draw(200, 8, random);
  const Columns a = columns("draws resized_crop_strip 8 200"), b = columns("draws resized_crop_strip 200 8");
  CHECK(strip == data::Region{int(a[0][0]), int(a[1][0]), int(a[2][0]), int(a[3][0])});
  CHECK(tower == data::Region{int(b[0][0]), int(b[1][0]), int(b[2][0]), int(b[3][0])});
}

TEST_CASE("RandomCrop takes every place equally often, as torchvision does") {
  const Columns theirs = columns("draws crop");
  Columns ours(2);
  std::vector<int> places(29 * 57);
  ct::Random random{ct::Seed{8}};
  for (std::size_t i = 0; i < 100000; ++i) {
    const data::Region r = data::RandomCrop<32, 24>{}.draw(60, 80, random);
    ours[0].push_back(r.top), ours[1].push_back(r.left);
    ++places.at(static_cast<std::size_t>(r.top * 57 + r.left));
  }
  CHECK(kolmogorov_smirnov(ours[0], theirs[0]) < 2.23);
  CHECK(kolmogorov_smirnov(ours[1], theirs[1]) < 2.23);
  CHECK(std::abs(unevenness(places)) < 4);

  int low = 0, high = 0;
  for (int i = 0; i < 500; ++i) {
    const int top = data::RandomCrop<32>{.padding = 4}.draw(32, 32, random).top;
    low = std::min(low, top), high = std::max(high, top);
  }
  CHECK(low == -4);
  CHECK(high == 4);
}

TEST_CASE("RandomAffine draws as torchvision does") {
  const Columns theirs = columns("draws affine");
  Columns ours(6);
  ct::Random random{ct::Seed{12}};
  const data::RandomAffine affine{
      .degrees = {-10, 25}, .translate = {0.1, 0.3}, .scale = {0.7, 1.2}, .shear = {-8, 8, 1, 5}};
  for (int i = 0; i < 20000; ++i) {
    const auto d = affine.draw(60, 80, random);
    const double row[] = {d.degrees, double(d.move_x), double(d.move_y), d.scale, d.shear_x, d.shear_y};
    for (std::size_t k = 0; k < 6; ++k) ours[k].push_back(row[k]);
  }
  for (std::size_t k = 0; k < 6; ++k) {
    CAPTURE(k);
    CHECK(kolmogorov_smirnov(ours[k], theirs[k]) < 2.23);
  }
  const auto still = data::RandomAffine{}.draw(60, 80, random);
  CHECK((still.degrees == 0 && still.move_x == 0 && still.scale == 1 && still.shear_x == 0 && still.shear_y == 0));
}

TEST_CASE("RandomErasing draws as torchvision does, and erases that") {
  const Columns theirs = columns("draws erasing");
  Columns ours(4);
  ct::Random random{ct::Seed{13}};
  for (int i = 0; i < 20000; ++i) {
    const data::Region r = data::RandomErasing{.p = 1}.draw(60, 80, random);
    const int row[] = {r.top, r.left, r.h, r.w};
    for (std::size_t k = 0; k < 4; ++k) ours[k].push_back(row[k]);
  }
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(k);
    CHECK(kolmogorov_smirnov(ours[k], theirs[k]) < 2.23);
  }
  data::Workspace workspace;
  int erased = 0;
  std::vector<double> noise;
  for (int i = 0; i < 2000; ++i) {
    data::Planes image;
    image.resize(2, 10, 12);
    for (float& v : image.values) v = 1;
    ct::Random same = random;
    data::RandomErasing{.value = {5, 6}}(image, workspace, random);
    const data::Region r = data::RandomErasing{}.draw(10, 12, same);
    erased += r.h > 0;
    for (int c = 0; c < 2; ++c)
      for (int y = 0; y < 10; ++y)
        for (int x = 0; x < 12; ++x) {
          const bool in = y >= r.top && y < r.top + r.h && x >= r.left && x < r.left + r.w;
          REQUIRE(image.at(c, y, x) == (in ? 5.0f + static_cast<float>(c) : 1.0f));
        }
    data::RandomErasing{.p = 1, .random_value = true}(image, workspace, random);
    for (const float v : image.values)
      if (v != 1 && v != 5 && v != 6) noise.push_back(static_cast<double>(v));
  }
  CHECK(std::abs(erased / 2000.0 - 0.5) < 0.05);
  double mean = 0, square = 0;
  for (const double v : noise) mean += v, square += v * v;
  const auto n = static_cast<double>(noise.size());
  REQUIRE(n > 10000);
  CHECK(std::abs(mean / n) < 4 / std::sqrt(n));
  CHECK(std::abs(square / n - 1) < 4 * std::sqrt(2 / n));
  data::Planes grey;
  grey.resize(1, 4, 4);
  CHECK_THROWS_WITH_AS((data::RandomErasing{.value = {1, 2, 3}}(grey, workspace, random)),
                       "RandomErasing: value has 3 values, the image has 1 channels", ct::Error);
}

TEST_CASE("GaussianBlur's deviation is uniform in its range; RandomGrayscale happens with p") {
  data::Workspace workspace;
  ct::Random random{ct::Seed{14}};
  int below = 0, grey = 0;
  for (int i = 0; i < 4000; ++i) {
    data::Planes dot;
    dot.resize(1, 7, 7);
    std::fill(dot.values.begin(), dot.values.end(), 0.0f);
    dot.at(0, 3, 3) = 1;
    data::GaussianBlur{.kernel_size = 3, .sigma = {0.5, 1.5}}(dot, workspace, random);
    // with weights 1 and w beside it: centre / next is 1 / w = exp(1 / (2 sigma^2))
    const double sigma = std::sqrt(0.5 / std::log(double(dot.at(0, 3, 3)) / double(dot.at(0, 3, 2))));
    REQUIRE((sigma > 0.499 && sigma < 1.501));
    below += sigma < 0.75;
    data::Bitmap pixel;
    pixel.resize(3, 1, 1);
    pixel.values = {10, 20, 200};
    data::RandomGrayscale{}(pixel, workspace, random);
    REQUIRE(pixel.c == 3);
    grey += pixel.values[0] == pixel.values[2];
  }
  CHECK(std::abs(below / 4000.0 - 0.25) < 0.03);
  CHECK(std::abs(grey / 4000.0 - 0.1) < 0.02);
}

TEST_CASE("Beta's law is PyTorch's") {
  const Columns theirs = columns("draws beta");
  const double alphas[] = {0.2, 3};
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<double> ours;
    ct::Random random{ct::Seed{15}, k};
    for (int i = 0; i < 20000; ++i) ours.push_back(data::beta(alphas[k], alphas[k], random));
    CHECK(*std::min_element(ours.begin(), ours.end()) >= 0);
    CHECK(*std::max_element(ours.begin(), ours.end()) <= 1);
    CHECK(kolmogorov_smirnov(ours, theirs[k]) < 2.23);
    CHECK(kolmogorov_smirnov(ours, theirs[1 - k]) > 2.23);
  }
  ct::Random random{ct::Seed{16}};
  for (int i = 0; i < 1000; ++i) {
    const double v = data::beta(1e-4, 1e-4, random);
    REQUIRE((v >= 0 && v <= 1));
  }
}

TEST_CASE("ColorJitter draws as torchvision does") {
  const Columns theirs = columns("draws color_jitter");
  Columns ours(8);
  std::vector<int> orders(256);
  ct::Random random{ct::Seed{9}};
  const data::ColorJitter jitter{.brightness = 0.4, .contrast = 0.3, .saturation = 1.5, .hue = 0.1};
  for (std::size_t i = 0; i < 24000; ++i) {
    const auto d = jitter.draw(random);
    for (std::size_t k = 0; k < 4; ++k) ours[k].push_back(d.factor[k]), ours[4 + k].push_back(d.order[k]);
    ++orders.at(static_cast<std::size_t>(d.order[0] * 64 + d.order[1] * 16 + d.order[2] * 4 + d.order[3]));
  }
  for (std::size_t k = 0; k < 8; ++k) {
    CAPTURE(k);
    CHECK(kolmogorov_smirnov(ours[k], theirs[k]) < 2.23);
  }
  std::erase(orders, 0);
  CHECK(orders.size() == 24);
  CHECK(std::abs(unevenness(orders)) < 4);
}

TEST_CASE("RandomRotation's angles: uniform, seen through what they do to a picture") {
  // On a wide line through the centre the angle can be read back: compare with rotating by every angle of a fine grid.
  data::Bitmap line;
  line.resize(1, 201, 201);
  for (int x = 0; x < 201; ++x) line.at(0, 100, x) = 255;
  const auto height_at_right = [](const data::Bitmap& image) {  // above the middle, 80 pixels right of the centre
    for (int y = 0; y < 201; ++y)
      if (image.at(0, y, 180)) return static_cast<double>(100 - y);
    return 1000.0;
  };
  const Columns theirs = columns("draws rotation");
  std::vector<double> recorded_heights, heights;
  data::Bitmap out;
  for (const double degrees : theirs[0]) {
    data::functional::rotate(line, degrees, out);
    recorded_heights.push_back(height_at_right(out));
  }
  data::Workspace workspace;
  ct::Random random{ct::Seed{10}};
  for (int i = 0; i < 2000; ++i) {
    data::Bitmap image = line;
    data::RandomRotation{.degrees = 10}(image, workspace, random);
    heights.push_back(height_at_right(image));
  }
  CHECK(*std::max_element(heights.begin(), heights.end()) == 14);
  CHECK(kolmogorov_smirnov(heights, recorded_heights) < 2.23);
}

TEST_CASE("flips happen with probability p") {
  data::Workspace workspace;
  ct::Random random{ct::Seed{11}};
  const auto rate = [&](const auto& flip) {
    int flipped = 0;
    for (int i = 0; i < 10000; ++i) {
      data::Bitmap image;
      image.resize(1, 2, 2);
      image.values = {1, 2, 3, 4};
      flip(image, workspace, random);
      flipped += image.values[0] != 1;
    }
    return flipped / 10000.0;
  };
  CHECK(std::abs(rate(data::RandomHorizontalFlip{}) - 0.5) < 0.02);
  CHECK(std::abs(rate(data::RandomVerticalFlip{}) - 0.5) < 0.02);
  CHECK(std::abs(rate(data::RandomHorizontalFlip{.p = 0.1}) - 0.1) < 0.012);
  CHECK(rate(data::RandomHorizontalFlip{.p = 0}) == 0);
  CHECK(rate(data::RandomVerticalFlip{.p = 1}) == 1);
}
