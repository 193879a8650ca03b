// SPDX-License-Identifier: MIT
// What several transforms are told: ranges, angles, how pixels are looked up, what fills the outside. A transform whose
// options can make no sense has `void check() const`, which throws an Error that names the option; Compose asks it.
#pragma once

#include <cmath>
#include <initializer_list>

#include "../../core/error.hpp"

namespace ctnet::data {

// nearest: the pixel under the place, as PIL takes it; what masks need, whose numbers must not be mixed.
enum class Interpolation { nearest, bilinear };

struct Range {
  double low = 0, high = 1;
};

// Angles in degrees: 10 stands for -10 .. 10, {5, 20} for 5 .. 20.
struct Degrees {
  double low = 0, high = 0;
  constexpr Degrees() = default;
  constexpr Degrees(double most) : low(-most), high(most) {}
  constexpr Degrees(double low_, double high_) : low(low_), high(high_) {}
};

// What comes from outside of the image: one number for all channels, or one for each, {124, 116, 104}.
struct Fill {
  static constexpr int most = 4;
  double values[most] = {};
  int count = 1;

  constexpr Fill() = default;
  constexpr Fill(double value) : values{value} {}
  constexpr Fill(std::initializer_list<double> of_channels) : count(0) {
    if (of_channels.size() < 1 || of_channels.size() > most)
      fail("fill has ", of_channels.size(), " values, expected one, or one for each channel (at most ", most, ")");
    for (const double v : of_channels) values[count++] = v;
  }
  double of(int channel) const { return values[count == 1 ? 0 : channel]; }
};

namespace detail {

inline void check_probability(const char* name, double p) {
  if (!(p >= 0 && p <= 1)) fail(name, ": p is ", p, ", expected 0 to 1");
}
inline void check_range(const char* name, const char* option, const Range& range, double least, double most) {
  if (!(range.low >= least && range.low <= range.high && range.high <= most))
    fail(name, ": ", option, " is ", range.low, " to ", range.high, ", expected ", least, " to ", most,
         " and the low one first");
}
inline void check_degrees(const char* name, const char* option, const Degrees& degrees, double most) {
  if (degrees.low == -degrees.high && !(degrees.high >= 0 && degrees.high <= most))
    fail(name, ": ", option, " is ", degrees.high, ", expected 0 to ", most);
  check_range(name, option, {degrees.low, degrees.high}, -most, most);
}
inline void check_fill(const char* name, const Fill& fill_) {
  for (int k = 0; k < fill_.count; ++k)
    if (!(fill_.values[k] >= 0 && fill_.values[k] <= 255))
      fail(name, ": fill is ", fill_.values[k], ", expected 0 to 255");
}
inline void check_channels(const char* name, const char* option, const Fill& values, int channels) {
  if (values.count != 1 && values.count != channels)
    fail(name, ": ", option, " has ", values.count, " values, the image has ", channels, " channels");
}

}  // namespace detail

}  // namespace ctnet::data
