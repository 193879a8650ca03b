// SPDX-License-Identifier: MIT
// Random numbers by counter: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
// The n-th number of a stream is a pure function of (seed, stream, n): results do not depend on how many workers draw.
#pragma once

#include <cstdint>

#include "host_device.hpp"

namespace ctnet {

struct Seed {
  std::uint64_t value = 0;
};

struct Philox4 {
  std::uint32_t v[4];
};

CTNET_HD constexpr Philox4 philox(std::uint64_t key, std::uint64_t high, std::uint64_t low) {
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  Philox4 c{{static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32), static_cast<std::uint32_t>(high),
             static_cast<std::uint32_t>(high >> 32)}};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c.v[0], b = std::uint64_t{0xCD9E8D57u} * c.v[2];
    c = {{static_cast<std::uint32_t>(b >> 32) ^ c.v[1] ^ k0, static_cast<std::uint32_t>(b),
          static_cast<std::uint32_t>(a >> 32) ^ c.v[3] ^ k1, static_cast<std::uint32_t>(a)}};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return c;
}

// A stream of numbers, cheap to make: one per image, per tensor, per epoch. Satisfies UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint32_t;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return 0xFFFFFFFFu; }

  // `stream` and `index` name what is drawn for (a purpose, an image); streams are independent of each other.
  CTNET_HD constexpr explicit Random(Seed seed, std::uint64_t stream = 0, std::uint64_t index = 0)
      : key_(philox(seed.value, stream, index)) {}

  CTNET_HD constexpr result_type operator()() {
    if (at_ == 4) {
      block_ = philox(key(), key_.v[2] | std::uint64_t{key_.v[3]} << 32, counter_++);
      at_ = 0;
    }
    return block_.v[at_++];
  }
  // Uniform in [0, 1), 53 bits.
  CTNET_HD constexpr double uniform() {
    const std::uint64_t high = (*this)(), low = (*this)();
    return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
  }
  CTNET_HD constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Uniform in 0 .. n-1, without bias (Lemire, "Fast Random Integer Generation in an Interval", 2019). n > 0.
  CTNET_HD constexpr std::uint32_t below(std::uint32_t n) {
    std::uint64_t m = std::uint64_t{(*this)()} * n;
    const std::uint32_t reject = (0u - n) % n;
    while (static_cast<std::uint32_t>(m) < reject) m = std::uint64_t{(*this)()} * n;
    return static_cast<std::uint32_t>(m >> 32);
  }
  CTNET_HD constexpr bool chance(double p) { return uniform() < p; }

 private:
  CTNET_HD constexpr std::uint64_t key() const { return key_.v[0] | std::uint64_t{key_.v[1]} << 32; }

  Philox4 key_;
  Philox4 block_{};
  std::uint64_t counter_ = 0;
  int at_ = 4;
};

}  // namespace ctnet
