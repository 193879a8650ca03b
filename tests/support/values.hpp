// SPDX-License-Identifier: MIT
// Numbers for tests that are a pure function of a name and an index, so that a script in another language makes the
// same ones (tests/fixtures/make_layers.py). They have 16 bits: exact in float and double, also when scaled by a power
// of two.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctnet/core/random.hpp>

namespace test {

// In [-1, 1): the top 16 bits of splitmix64(fnv1a(name) + i).
inline double value_at(const std::string& name, std::size_t i) {
  std::uint32_t h = 2166136261u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  std::uint64_t z = (static_cast<std::uint64_t>(h) << 32 | i) + 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 48) * 0x1p-15 - 1;
}

template <class T = double>
std::vector<T> values(const std::string& name, std::size_t n, double scale = 1, double offset = 0) {
  std::vector<T> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<T>(value_at(name, i) * scale + offset);
  return v;
}

// A shuffled grid over (-1, 1) without zero: no two closer than 2 / n, so that central differences meet no kink of ReLU
// and no change of MaxPool's winner.
inline std::vector<double> distinct_values(std::uint64_t seed, std::size_t n) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = (static_cast<double>(i) + 0.3) / static_cast<double>(n) * 2 - 1;
  ctnet::Random random{ctnet::Seed{seed}};
  for (std::size_t i = n; i > 1; --i) std::swap(v[i - 1], v[random.below(static_cast<std::uint32_t>(i))]);
  return v;
}

}  // namespace test
