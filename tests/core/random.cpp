// SPDX-License-Identifier: MIT
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/core/random.hpp>

using namespace ctnet;

// Known answers of philox4x32-10 from Random123's kat_vectors.
static constexpr bool gives(std::uint64_t key, std::uint64_t high, std::uint64_t low, std::uint32_t a, std::uint32_t b,
                            std::uint32_t c, std::uint32_t d) {
  const Philox4 r = philox(key, high, low);
  return r.v[0] == a && r.v[1] == b && r.v[2] == c && r.v[3] == d;
}
static_assert(gives(0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
static_assert(gives(~0ull, ~0ull, ~0ull, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
static_assert(gives(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
                    0x24126ea1));

TEST_CASE("philox gives the published numbers") {
  CHECK(gives(0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  CHECK(gives(~0ull, ~0ull, ~0ull, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  CHECK(gives(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
              0x24126ea1));
}

TEST_CASE("uniform: in [0, 1), with the moments and the histogram of the uniform distribution") {
  for (const std::uint64_t seed : {0ull, 1ull, ~0ull}) {
    Random random{Seed{seed}};
    const int n = 100000;
    double sum = 0, squares = 0;
    std::vector<int> bins(100);
    for (int i = 0; i < n; ++i) {
      const double u = random.uniform();
      REQUIRE(u >= 0);
      REQUIRE(u < 1);
      sum += u;
      squares += u * u;
      ++bins[static_cast<std::size_t>(u * 100)];
    }
    CHECK(std::fabs(sum / n - 0.5) < 5 / std::sqrt(12.0 * n));
    CHECK(std::fabs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
    double chi = 0;  // chi squared with 99 degrees of freedom: mean 99, deviation 14
    for (const int b : bins) chi += (b - n / 100.0) * (b - n / 100.0) / (n / 100.0);
    CHECK(chi < 99 + 5 * 14.1);
    CHECK(chi > 99 - 5 * 14.1);
  }
}

TEST_CASE("uniform(low, high) stays between them") {
  Random random{Seed{3}};
  for (int i = 0; i < 1000; ++i) {
    const double u = random.uniform(-2.5, 0.5);
    CHECK(u >= -2.5);
    CHECK(u < 0.5);
  }
}

TEST_CASE("below(n): every number below n, equally often") {
  Random random{Seed{4}};
  for (const std::uint32_t n : {1u, 2u, 3u, 7u, 10u, 100u}) {
    std::vector<int> count(n);
    const int draws = 60000;
    for (int i = 0; i < draws; ++i) {
      const std::uint32_t v = random.below(n);
      REQUIRE(v < n);
      ++count[v];
    }
    const double mean = static_cast<double>(draws) / n, deviation = std::sqrt(mean * (1 - 1.0 / n));
    for (const int c : count) CHECK(std::fabs(c - mean) <= 5 * deviation);
  }
  // Without rejection, numbers that are 0 modulo 3 would come up half as often again: 2^32 is 4/3 of this n.
  const std::uint32_t n = 0xC0000000u;
  int low = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::uint32_t v = random.below(n);
    REQUIRE(v < n);
    low += v % 3 == 0;
  }
  CHECK(std::abs(low - 10000) < 5 * 82);
}

TEST_CASE("streams: the same names give the same numbers, other names independent ones") {
  const auto drawn = [](std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
    Random random{Seed{seed}, stream, index};
    std::vector<double> v;
    for (int i = 0; i < 4000; ++i) v.push_back(random.uniform() - 0.5);
    return v;
  };
  const auto one = drawn(1, 2, 3);
  CHECK(drawn(1, 2, 3) == one);
  for (const auto& other :
       {drawn(2, 2, 3), drawn(1, 3, 3), drawn(1, 2, 4), drawn(2, 1, 3), drawn(1, 3, 2), drawn(3, 2, 1)}) {
    double correlation = 0;
    for (std::size_t i = 0; i < one.size(); ++i) correlation += one[i] * other[i] * 12;
    CHECK(std::fabs(correlation) < 5 * std::sqrt(static_cast<double>(one.size())));
  }
}

TEST_CASE("chance(p) is true with probability p") {
  Random random{Seed{5}};
  for (const double p : {0.0, 0.1, 0.5, 1.0}) {
    int n = 0;
    for (int i = 0; i < 20000; ++i) n += random.chance(p);
    CHECK(std::fabs(n - 20000 * p) <= 5 * std::sqrt(20000 * p * (1 - p)));
  }
}
