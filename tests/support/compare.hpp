// SPDX-License-Identifier: MIT
// Comparison of tensors by the max-norm: |got - want| at most `bound` times the largest |want|. The message names the
// tensor, the worst element and both its values.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>

#include <doctest/doctest.h>

namespace test {

// DESIGN.md's bounds: of the largest |y| of a layer.
template <class T>
inline constexpr double layer_bound = sizeof(T) == 8 ? 1e-10 : 2e-5;

struct Difference {
  double relative = 0;  // to the largest |want|; infinite where one of the two is NaN and the other is not
  std::string words;
};

// The largest |want| counts as `least` where it is smaller.
template <class Got, class Want>
Difference difference(const Got& got, const Want& want, double least = 0) {
  Difference d;
  if (static_cast<std::size_t>(got.size()) != static_cast<std::size_t>(want.size())) {
    d.relative = HUGE_VAL;
    d.words = std::to_string(got.size()) + " elements, expected " + std::to_string(want.size());
    return d;
  }
  double largest = least, worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(want.size()); ++i) {
    const auto g = static_cast<double>(got[i]), w = static_cast<double>(want[i]);
    if (std::isfinite(w)) largest = std::fmax(largest, std::fabs(w));
    double e = std::fabs(g - w);
    if (g == w || (std::isnan(g) && std::isnan(w))) e = 0;
    if (std::isnan(e)) e = HUGE_VAL;
    if (e > worst) worst = e, at = i;
  }
  d.relative = worst == 0 ? 0 : largest > 0 ? worst / largest : HUGE_VAL;
  if (worst > 0) {
    char line[200];
    std::snprintf(line, sizeof line, "element %zu of %zu is %.17g, expected %.17g; %.2e of the largest, %g", at,
                  static_cast<std::size_t>(want.size()), static_cast<double>(got[at]), static_cast<double>(want[at]),
                  d.relative, largest);
    d.words = line;
  }
  return d;
}

template <class Got, class Want>
void check_close(const Got& got, const Want& want, double bound, const std::string& what, double least = 0) {
  const Difference d = difference(got, want, least);
  CHECK_MESSAGE(d.relative <= bound, what, ": ", d.words, ", allowed ", bound);
}

template <class Got, class Want>
void check_same_bits(const Got& got, const Want& want, const std::string& what) {
  const Difference d = difference(got, want);
  CHECK_MESSAGE(d.relative == 0, what, ": ", d.words, ", expected the same bits");
}

// |got - want| / |want|, of whole tensors.
template <class A, class B>
double relative_error(const A& got, const B& want) {
  double e = 0, n = 0;
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto g = static_cast<double>(got[i]), w = static_cast<double>(want[i]);
    e += (g - w) * (g - w);
    n += w * w;
  }
  return n == 0 ? std::sqrt(e) : std::sqrt(e / n);
}

}  // namespace test
