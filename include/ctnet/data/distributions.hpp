// SPDX-License-Identifier: MIT
// Distributions that augmentation draws from beside the uniform one.
#pragma once

#include <cmath>
#include <numbers>

#include "../core/random.hpp"

namespace ctnet::data {

// Mean 0, variance 1. Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958; the second is
// dropped, so that what a stream gives does not depend on what was drawn before.
inline double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1.0 - random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

// log of a number of density x^(shape - 1) e^-x / Gamma(shape), shape > 0: a logarithm, because at small shapes the
// number itself is too small for a double. Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000.
inline double log_gamma_variate(double shape, Random& random) {
  double below_1 = 0;
  if (shape < 1) {
    below_1 = std::log(1.0 - random.uniform()) / shape;
    shape += 1;
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random), t = 1 + c * x, v = t * t * t;
    const double u = 1.0 - random.uniform();
    if (t > 0 && std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v) + below_1;
  }
}

// Of density x^(a - 1) (1 - x)^(b - 1) / B(a, b) in [0, 1]; a, b > 0.
inline double beta(double a, double b, Random& random) {
  const double x = log_gamma_variate(a, random), y = log_gamma_variate(b, random);
  return 1 / (1 + std::exp(y - x));
}

}  // namespace ctnet::data
