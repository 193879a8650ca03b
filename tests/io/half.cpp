// SPDX-License-Identifier: MIT
// All 65,536 patterns of both 16-bit formats, against their definition by ldexp.
#include <doctest/doctest.h>
#include <ctnet/io/half.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace ctnet;

namespace {

// The value of a pattern with the given field widths, from the definition of the format.
double defined(unsigned bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const double fraction = std::ldexp(static_cast<double>(bits & ((1u << fraction_bits) - 1)), -fraction_bits);
  const double sign = bits >> 15 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1)
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  return exponent == 0 ? sign * std::ldexp(fraction, 1 - bias) : sign * std::ldexp(1 + fraction, exponent - bias);
}

// The finite pattern nearest to x by search, ties to the even one; the rule of IEEE 754 beyond the largest.
template <class Widen>
unsigned nearest(double x, Widen widen, unsigned infinity) {
  unsigned low = 0, high = infinity;  // patterns of one sign are ordered like their values
  while (high - low > 1) {
    const unsigned middle = (low + high) / 2;
    (widen(middle) <= x ? low : high) = middle;
  }
  const double below = widen(low);
  const double above = high == infinity ? below + (below - widen(low - 1)) : widen(high);
  if (x - below == above - x) return low % 2 == 0 ? low : high;
  return x - below < above - x ? low : high;
}

template <class ToFloat, class FromFloat>
void sweep(int exponent_bits, int fraction_bits, unsigned infinity, ToFloat to_float, FromFloat from_float) {
  int wrong = 0;
  for (unsigned b = 0; b < 65536; ++b) {
    const auto h = static_cast<std::uint16_t>(b);
    const float f = to_float(h);
    const double d = defined(b, exponent_bits, fraction_bits);
    wrong += std::isnan(d) ? !std::isnan(f) : !(static_cast<double>(f) == d && std::signbit(f) == std::signbit(d));
    const std::uint16_t back = from_float(f);
    wrong += std::isnan(f) ? !std::isnan(to_float(back)) : back != h;
  }
  CHECK(wrong == 0);

  const auto widen = [&](unsigned b) { return static_cast<double>(to_float(static_cast<std::uint16_t>(b))); };
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::uint32_t u = random() & 0x7FFFFFFFu;
    if (i % 4 == 0) {  // exactly between two neighbours
      const auto b = static_cast<std::uint16_t>(random() % (infinity - 1));
      u = std::bit_cast<std::uint32_t>(static_cast<float>((widen(b) + widen(b + 1u)) / 2));
    }
    const float x = std::bit_cast<float>(u);
    if (!std::isfinite(x)) continue;
    const unsigned expected = nearest(static_cast<double>(x), widen, infinity);
    wrong += from_float(x) != expected;
    wrong += from_float(-x) != (expected | 0x8000u);
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("binary16, every pattern") { sweep(5, 10, 0x7C00u, io::half_to_float, io::float_to_half); }
TEST_CASE("bfloat16, every pattern") { sweep(8, 7, 0x7F80u, io::bfloat16_to_float, io::float_to_bfloat16); }

static_assert(io::half_to_float(0x3C00) == 1.0f && io::half_to_float(0x7BFF) == 65504.0f);
static_assert(io::half_to_float(0x0001) == 0x1p-24f && io::float_to_half(0x1p-25f) == 0);
static_assert(io::bfloat16_to_float(0x3F80) == 1.0f);
