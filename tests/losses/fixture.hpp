// SPDX-License-Identifier: MIT
// PyTorch's recorded tensors (tests/fixtures/make_losses_optimizers.py) and how far ours may be from them.
#pragma once

#include <doctest/doctest.h>
#include <ctnet/core/tensor.hpp>
#include <ctnet/io/safetensors.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace fixture {

inline const ctnet::io::Safetensors& file(const std::string& name) {
  static const auto losses = ctnet::io::Safetensors::open(CTNET_FIXTURES_DIR "/losses.safetensors");
  static const auto optimizers = ctnet::io::Safetensors::open(CTNET_FIXTURES_DIR "/optimizers.safetensors");
  return name == "losses" ? losses : optimizers;
}

// A tensor in memory with its shape.
template <class T>
struct Tensor {
  std::vector<T> values;
  int rank = 0;
  std::array<std::size_t, 4> dims{};

  ctnet::View<const T> view() const { return {values.data(), rank, dims}; }
};

template <class T>
Tensor<T> tensor(const std::string& file_name, const std::string& name) {
  const auto& info = file(file_name).at(name);
  Tensor<T> t{std::vector<T>(info.size), static_cast<int>(info.shape.size()), {}};
  std::copy(info.shape.begin(), info.shape.end(), t.dims.begin());
  file(file_name).read(info, std::span<T>{t.values});
  return t;
}

// Largest difference, relative to the largest of `wanted`; infinite where one is NaN and the other is not.
template <class X, class Y>
double error(const X& got, const Y& wanted) {
  REQUIRE(got.size() == wanted.size());
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double a = static_cast<double>(got[i]), b = static_cast<double>(wanted[i]);
    if (std::isnan(a) && std::isnan(b)) continue;
    if (std::isnan(a) != std::isnan(b)) return HUGE_VAL;
    worst = std::fmax(worst, std::fabs(a - b));
    scale = std::fmax(scale, std::fabs(b));
  }
  return worst / (scale > 0 ? scale : 1);
}

template <class T>
constexpr double tolerance = sizeof(T) == 8 ? 1e-12 : 1e-5;

}  // namespace fixture
