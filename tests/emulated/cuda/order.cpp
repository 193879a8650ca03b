// SPDX-License-Identifier: MIT
// In what order things run that may run in any.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "scheduler.hpp"

namespace ctnet_device {
namespace {

struct Setting {
  Order order = Order::forward;
  std::uint64_t state = 0;
  Setting() {
    const char* text = std::getenv("CTNET_EMULATED_ORDER");
    if (!text || !*text || std::strcmp(text, "forward") == 0) return;
    order = std::strcmp(text, "backward") == 0 ? Order::backward : Order::shuffled;
    state = std::strtoull(text, nullptr, 10);
  }
};
Setting& setting() {
  static Setting s;
  return s;
}

}  // namespace

void set_order(Order order, unsigned seed) {
  setting().order = order;
  setting().state = seed;
}

Order order() { return setting().order; }

// Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators.
std::uint64_t random_bits() {
  std::uint64_t z = setting().state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void permute(std::vector<unsigned>& indices, std::size_t n) {
  const Order now = order();
  indices.resize(n);
  for (std::size_t i = 0; i < n; ++i) indices[i] = static_cast<unsigned>(now == Order::backward ? n - 1 - i : i);
  if (now == Order::shuffled)
    for (std::size_t i = n; i > 1; --i) std::swap(indices[i - 1], indices[random_bits() % i]);
}

}  // namespace ctnet_device
