// SPDX-License-Identifier: MIT
// In which order an epoch takes the images: a pure function of (seed, epoch). In order; shuffled; drawn by weight, as
// PyTorch's WeightedRandomSampler does it; or drawn so that each class comes equally often.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/finite.hpp"
#include "../core/host_device.hpp"
#include "../core/random.hpp"

namespace ctnet::data {

// Image i comes with probability weights[i] / sum. With replacement, num_samples images make an epoch (0: as many as
// the data set has); without, each image comes at most once and num_samples is at most the number of weights above 0.
struct WeightedRandomSampler {
  std::vector<double> weights;
  std::size_t num_samples = 0;
  bool replacement = true;
};

// Resampling for imbalanced sets: first a class is drawn, each alike, then one of its images; with replacement.
struct ClassBalancedSampler {
  std::size_t num_samples = 0;
};

// What LoaderOptions takes: one of the above, or nothing.
class Sampler {
 public:
  enum class Kind { none, weighted, balanced };
  Sampler() = default;
  Sampler(WeightedRandomSampler s) : kind(Kind::weighted), weighted(std::move(s)) {}
  Sampler(ClassBalancedSampler s) : kind(Kind::balanced) { weighted.num_samples = s.num_samples; }

  Kind kind = Kind::none;
  WeightedRandomSampler weighted;
};

namespace detail {

// Streams of a loader's random numbers: one for each epoch's order, one for each epoch's augmentation.
inline constexpr std::uint64_t data_stream = 0x64617461ull << 32;
constexpr Random order_random(std::uint64_t seed, std::uint64_t epoch) {
  return Random{Seed{seed}, data_stream, epoch};
}
// `position` in the epoch, not the image: an image that comes twice is augmented in two ways.
CTNET_HD constexpr Random image_random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t position) {
  return Random{Seed{seed}, data_stream + 1 + epoch, position};
}

inline std::vector<std::size_t> in_order(std::size_t n) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = i;
  return order;
}

// Fisher and Yates.
inline std::vector<std::size_t> shuffled(std::size_t n, Random random) {
  std::vector<std::size_t> order = in_order(n);
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  return order;
}

inline std::vector<std::size_t> drawn(std::span<const double> weights, std::size_t count, Random random) {
  std::vector<double> up_to(weights.size());
  double sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) up_to[i] = sum += weights[i];
  const double below = std::nextafter(sum, 0.0);  // a product rounded up to the sum would be behind the last
  std::vector<std::size_t> order(count);
  for (std::size_t& i : order) {
    const auto at =
        std::upper_bound(up_to.begin(), up_to.end(), std::min(random.uniform() * sum, below)) - up_to.begin();
    i = static_cast<std::size_t>(at);
  }
  return order;
}

// Successive draws without replacement, by keys: Efraimidis and Spirakis, "Weighted random sampling with a reservoir",
// 2006. The largest log(u) / weight come first.
inline std::vector<std::size_t> drawn_once(std::span<const double> weights, std::size_t count, Random random) {
  std::vector<std::pair<double, std::size_t>> keys;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double u = 1.0 - random.uniform();
    if (weights[i] > 0) keys.emplace_back(-std::log(u) / weights[i], i);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::size_t> order(count);
  for (std::size_t k = 0; k < count; ++k) order[k] = keys[k].second;
  return order;
}

// Checks the weights against a set of n images and fills in num_samples.
inline void check_weights(WeightedRandomSampler& s, std::size_t n) {
  if (s.weights.size() != n) fail("sampler: ", s.weights.size(), " weights for a data set of ", n, " images");
  std::size_t above = 0;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_finite(s.weights[i]) || s.weights[i] < 0)
      fail("sampler: the weight of image ", i, " is ", s.weights[i], ", expected a finite number not below 0");
    above += s.weights[i] > 0, sum += s.weights[i];
  }
  if (!is_finite(sum)) fail("sampler: the sum of ", n, " weights is too large for a double");
  if (above == 0) fail("sampler: none of ", n, " weights is above 0");
  if (s.num_samples == 0) s.num_samples = s.replacement ? n : above;
  if (!s.replacement && s.num_samples > above)
    fail("sampler: ", s.num_samples, " images without replacement, but only ", above, " have a weight above 0");
}

// The weights that make each class that occurs equally likely.
inline std::vector<double> balancing_weights(std::span<const int> labels) {
  std::vector<std::size_t> count;
  for (const int label : labels) {
    if (label < 0) fail("sampler: label ", label, ", expected 0 or more");
    if (static_cast<std::size_t>(label) >= count.size()) count.resize(static_cast<std::size_t>(label) + 1);
    ++count[static_cast<std::size_t>(label)];
  }
  std::vector<double> weights(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    weights[i] = 1.0 / static_cast<double>(count[static_cast<std::size_t>(labels[i])]);
  return weights;
}

}  // namespace detail

}  // namespace ctnet::data
