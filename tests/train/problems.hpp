// SPDX-License-Identifier: MIT
// Small problems to train on, and comparisons of what came of them.
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/data/loader.hpp>
#include <ctnet/data/tensor_dataset.hpp>
#include <ctnet/report/history.hpp>
#include <ctnet/train/network.hpp>

#include "support/error.hpp"

namespace test {

using Points = ctnet::data::TensorDataset<ctnet::Features<4>>;

// Three classes in four dimensions, far apart: a line separates any two.
inline Points points(std::size_t n, std::uint64_t seed = 0, std::vector<std::string> names = {}) {
  ctnet::Random random{ctnet::Seed{seed}, 77};
  std::vector<float> x;
  std::vector<int> y;
  for (std::size_t i = 0; i < n; ++i) {
    y.push_back(static_cast<int>(random.below(3)));
    for (int k = 0; k < 4; ++k) x.push_back(static_cast<float>((k == y.back() ? 2 : 0) + random.uniform(-0.7, 0.7)));
  }
  return Points{x, y, std::move(names)};
}

// 1 x 6 x 6 pictures with a bright quarter, which is the class.
using Pictures = ctnet::data::TensorDataset<ctnet::Image<1, 6, 6>>;
inline Pictures pictures(std::size_t n, std::uint64_t seed = 0) {
  ctnet::Random random{ctnet::Seed{seed}, 78};
  std::vector<float> x;
  std::vector<int> y;
  for (std::size_t i = 0; i < n; ++i) {
    y.push_back(static_cast<int>(random.below(4)));
    for (int p = 0; p < 36; ++p)
      x.push_back(static_cast<float>((p / 18 * 2 + p % 6 / 3 == y.back()) + random.uniform(-0.5, 0.5)));
  }
  return Pictures{x, y};
}

template <class A, class B>
bool same_bits(const A& a, const B& b) {
  static_assert(sizeof(*a.data()) == sizeof(*b.data()));
  return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof(*a.data())) == 0);
}

// Everything but the time that it took.
inline void check_same_history(const ctnet::History& a, const ctnet::History& b) {
  const auto same = [](double x, double y) { return std::memcmp(&x, &y, sizeof x) == 0; };
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CHECK(a[i].epoch == b[i].epoch);
    CHECK(a[i].images == b[i].images);
    CHECK(same(a[i].loss, b[i].loss));
    CHECK(same(a[i].accuracy, b[i].accuracy));
    CHECK(same(a[i].validation_loss, b[i].validation_loss));
    CHECK(same(a[i].validation_accuracy, b[i].validation_accuracy));
    CHECK(same(a[i].learning_rate, b[i].learning_rate));
  }
  REQUIRE(a.steps.size() == b.steps.size());
  for (std::size_t i = 0; i < a.steps.size(); ++i) {
    CAPTURE(i);
    CHECK(a.steps[i].step == b.steps[i].step);
    CHECK(same(a.steps[i].loss, b.steps[i].loss));
  }
}

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace test

// The Error that `expression` throws says each of the parts.
#define CHECK_SAYS(expression, ...)                                                         \
  do {                                                                                      \
    const std::string said = test::error_of([&] { (void)(expression); });                   \
    for (const char* part : {__VA_ARGS__})                                                  \
      CHECK_MESSAGE(test::has(said, part), "'", said, "' lacks '", std::string(part), "'"); \
  } while (false)
