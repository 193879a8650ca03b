// SPDX-License-Identifier: MIT
// The losses in plain loops, for any scalar: the definition that every other way of computing them is tested against.
// x: logits (N, C, S), S = H * W or 1.  y: targets.  g: d value / d x.  Each returns the value.
#pragma once

#include <cmath>
#include <cstddef>

#include "extents.hpp"

#include "../core/begin_precise.hpp"

namespace ctnet::reference {

// With weights w(c), smoothing e, W = sum of w(y) over the rows not ignored:
//   value = 1/W sum over rows of  (1 - e) w(y) (-log p(y)) + e/C sum over c of w(c) (-log p(c)),  p = softmax(x)
template <class T, class Label, class W>
T cross_entropy(const T* x, const Label* y, T* g, LossExtents d, W weight, double smoothing, long long ignore) {
  double total_weight = 0, weights = 0, value = 0;
  for (std::size_t i = 0; i < d.n * d.s; ++i)
    if (static_cast<long long>(y[i]) != ignore) total_weight += weight(static_cast<std::size_t>(y[i]));
  for (std::size_t c = 0; c < d.c; ++c) weights += weight(c);
  const double each = smoothing / static_cast<double>(d.c);
  for (std::size_t n = 0; n < d.n; ++n)
    for (std::size_t s = 0; s < d.s; ++s) {
      const T* xs = x + n * d.c * d.s + s;
      T* gs = g + n * d.c * d.s + s;
      const auto label = y[n * d.s + s];
      if (static_cast<long long>(label) == ignore) {
        for (std::size_t c = 0; c < d.c; ++c) gs[c * d.s] = T{0};
        continue;
      }
      double largest = static_cast<double>(xs[0]), sum = 0;
      for (std::size_t c = 1; c < d.c; ++c) largest = std::fmax(largest, static_cast<double>(xs[c * d.s]));
      for (std::size_t c = 0; c < d.c; ++c) sum += std::exp(static_cast<double>(xs[c * d.s]) - largest);
      const auto own = static_cast<std::size_t>(label);
      const double hit = (1 - smoothing) * weight(own);
      for (std::size_t c = 0; c < d.c; ++c) {
        const double log_p = static_cast<double>(xs[c * d.s]) - largest - std::log(sum);
        const double t = each * weight(c) + (c == own ? hit : 0.0);
        if (t != 0)
          value -= t * log_p;  // so that a class shut out by -infinity costs nothing where it is not asked for
        gs[c * d.s] = static_cast<T>(((hit + each * weights) * std::exp(log_p) - t) / total_weight);
      }
    }
  return static_cast<T>(value / total_weight);
}

// value = scale sum of (x - y)^2
template <class T>
T squared_error(const T* x, const T* y, T* g, std::size_t n, double scale) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += d * d;
    g[i] = static_cast<T>(2 * scale * d);
  }
  return static_cast<T>(scale * sum);
}

// value = mean of  d^2 / (2 beta) where |d| < beta, else |d| - beta / 2,  d = x - y
template <class T>
T smooth_l1(const T* x, const T* y, T* g, std::size_t n, double beta) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    const bool near = std::fabs(d) < beta;
    sum += near ? d * d / (2 * beta) : std::fabs(d) - beta / 2;
    g[i] = static_cast<T>((near ? d / beta : d > 0 ? 1.0 : d < 0 ? -1.0 : d) / static_cast<double>(n));
  }
  return static_cast<T>(sum / static_cast<double>(n));
}

// value = mean of  -w(c) (q(c) y log sigmoid(x) + (1 - y) log(1 - sigmoid(x)))
template <class T, class W, class Q>
T bce_with_logits(const T* x, const T* y, T* g, LossExtents d, W weight, Q pos_weight) {
  double sum = 0;
  const double count = static_cast<double>(d.n * d.c * d.s);
  for (std::size_t i = 0; i < d.n * d.c * d.s; ++i) {
    const std::size_t c = i / d.s % d.c;
    const double a = static_cast<double>(x[i]), b = static_cast<double>(y[i]), e = std::exp(-std::fabs(a));
    const double q = 1 + (pos_weight(c) - 1) * b;
    sum += weight(c) * ((1 - b) * a + q * (std::log1p(e) + std::fmax(-a, 0.0)));
    g[i] = static_cast<T>(weight(c) * (1 - b - q * (a < 0 ? 1 : e) / (1 + e)) / count);
  }
  return static_cast<T>(sum / count);
}

}  // namespace ctnet::reference

#include "../core/end_precise.hpp"
