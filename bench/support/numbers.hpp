// SPDX-License-Identifier: MIT
// The same numbers in every language (peers/numbers_of_bench.py): the i-th of a stream is a hash, so that all
// contenders start from the same parameters on the same images and must arrive at the same loss.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

enum class Stream : std::uint32_t { images = 1, labels = 2, parameters = 3 };

// In [0, 1), 24 bits. The mixing is murmur3's last step (Appleby).
inline float uniform(Stream stream, std::size_t i) {
  std::uint32_t h = static_cast<std::uint32_t>(i) + 0x9E3779B9u * static_cast<std::uint32_t>(stream);
  h = (h ^ h >> 16) * 0x85EBCA6Bu;
  h = (h ^ h >> 13) * 0xC2B2AE35u;
  h ^= h >> 16;
  return static_cast<float>(h >> 8) * 0x1p-24f;
}
inline float symmetric(Stream stream, std::size_t i) { return 2 * uniform(stream, i) - 1 + 0x1p-24f; }  // never 0

}  // namespace bench
