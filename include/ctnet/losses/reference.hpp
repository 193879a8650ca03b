// SPDX-License-Identifier: MIT
// The losses in plain loops, for any scalar: the definition that every other way of computing them is tested against.
// x: logits (N, C, S), S = H * W or 1.  y: targets.  g: d value / d x.  Each returns the value, of which the mean is
// the formula and the sum the same without its division; values, where it is given, gets what is added up.
#pragma once

#include <cmath>
#include <cstddef>

#include "extents.hpp"

#include "../core/begin_precise.hpp"

namespace ctnet::reference {

// With weights w(c), smoothing e, W = sum of w(y) over the rows not ignored:
//   value = 1/W sum over rows of  (1 - e) w(y) (-log p(y)) + e/C sum over c of w(c) (-log p(c)),  p = softmax(x)
template <class T, class Label, class W>
T cross_entropy(const T* x, const Label* y, T* g, LossExtents d, W weight, double smoothing, long long ignore,
                Reduction how = Reduction::mean, T* values = nullptr) {
  double total_weight = 0, weights = 0, value = 0;
  for (std::size_t i = 0; i < d.n * d.s; ++i)
    if (static_cast<long long>(y[i]) != ignore) total_weight += weight(static_cast<std::size_t>(y[i]));
  for (std::size_t c = 0; c < d.c; ++c) weights += weight(c);
  if (how == Reduction::sum) total_weight = 1;
  const double each = smoothing / static_cast<double>(d.c);
  for (std::size_t n = 0; n < d.n; ++n)
    for (std::size_t s = 0; s < d.s; ++s) {
      const T* xs = x + n * d.c * d.s + s;
      T* gs = g + n * d.c * d.s + s;
      const auto label = y[n * d.s + s];
      if (static_cast<long long>(label) == ignore) {
        for (std::size_t c = 0; c < d.c; ++c) gs[c * d.s] = T{0};
        if (values) values[n * d.s + s] = T{0};
        continue;
      }
      double row = 0;
      double largest = static_cast<double>(xs[0]), sum = 0;
      for (std::size_t c = 1; c < d.c; ++c) largest = std::fmax(largest, static_cast<double>(xs[c * d.s]));
      for (std::size_t c = 0; c < d.c; ++c) sum += std::exp(static_cast<double>(xs[c * d.s]) - largest);
      const auto own = static_cast<std::size_t>(label);
      const double hit = (1 - smoothing) * weight(own);
      for (std::size_t c = 0; c < d.c; ++c) {
        const double log_p = static_cast<double>(xs[c * d.s]) - largest - std::log(sum);
        const double t = each * weight(c) + (c == own ? hit : 0.0);
        if (t != 0) row -= t * log_p;  // so that a class shut out by -infinity costs nothing where it is not asked for
        gs[c * d.s] = static_cast<T>(((hit + each * weights) * std::exp(log_p) - t) / total_weight);
      }
      if (values) values[n * d.s + s] = static_cast<T>(row);
      value += row;
    }
  return static_cast<T>(value / total_weight);
}

// With class probabilities y(c) of each row, weights and smoothing as above, t(c) = w(c) ((1 - e) y(c) + e/C):
//   value = 1/(N S) sum over rows and c of  t(c) (-log p(c)),  p = softmax(x)
template <class T, class Y, class W>
T soft_cross_entropy(const T* x, const Y* y, T* g, LossExtents d, W weight, double smoothing,
                     Reduction how = Reduction::mean, T* values = nullptr) {
  const double over = how == Reduction::sum ? 1 : static_cast<double>(d.n * d.s);
  const double each = smoothing / static_cast<double>(d.c);
  double value = 0;
  for (std::size_t n = 0; n < d.n; ++n)
    for (std::size_t s = 0; s < d.s; ++s) {
      const std::size_t first = n * d.c * d.s + s;
      const auto t = [&](std::size_t c) {
        return weight(c) * ((1 - smoothing) * static_cast<double>(y[first + c * d.s]) + each);
      };
      double largest = static_cast<double>(x[first]), sum = 0, total = 0, row = 0;
      for (std::size_t c = 1; c < d.c; ++c) largest = std::fmax(largest, static_cast<double>(x[first + c * d.s]));
      for (std::size_t c = 0; c < d.c; ++c) {
        sum += std::exp(static_cast<double>(x[first + c * d.s]) - largest);
        total += t(c);
      }
      for (std::size_t c = 0; c < d.c; ++c) {
        const double log_p = static_cast<double>(x[first + c * d.s]) - largest - std::log(sum);
        if (t(c) != 0) row -= t(c) * log_p;
        g[first + c * d.s] = static_cast<T>((total * std::exp(log_p) - t(c)) / over);
      }
      if (values) values[n * d.s + s] = static_cast<T>(row);
      value += row;
    }
  return static_cast<T>(value / over);
}

// x: logarithms of probabilities.  value = 1/W sum over rows of  -w(y) x(y)
template <class T, class Label, class W>
T nll(const T* x, const Label* y, T* g, LossExtents d, W weight, long long ignore, Reduction how = Reduction::mean,
      T* values = nullptr) {
  double total_weight = 0, value = 0;
  for (std::size_t i = 0; i < d.n * d.s; ++i)
    if (static_cast<long long>(y[i]) != ignore) total_weight += weight(static_cast<std::size_t>(y[i]));
  if (how == Reduction::sum) total_weight = 1;
  for (std::size_t i = 0; i < d.n * d.c * d.s; ++i) g[i] = T{0};
  for (std::size_t i = 0; i < d.n * d.s; ++i) {
    if (values) values[i] = T{0};
    if (static_cast<long long>(y[i]) == ignore) continue;
    const auto own = static_cast<std::size_t>(y[i]);
    const std::size_t at = (i / d.s * d.c + own) * d.s + i % d.s;
    const double cost = weight(own) != 0 ? -weight(own) * static_cast<double>(x[at]) : 0.0;
    value += cost;
    if (values) values[i] = static_cast<T>(cost);
    g[at] = static_cast<T>(-weight(own) / total_weight);
  }
  return static_cast<T>(value / total_weight);
}

// value = scale sum of (x - y)^2
template <class T>
T squared_error(const T* x, const T* y, T* g, std::size_t n, double scale, T* values = nullptr) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += d * d;
    if (values) values[i] = static_cast<T>(scale * d * d);
    g[i] = static_cast<T>(2 * scale * d);
  }
  return static_cast<T>(scale * sum);
}

// value = mean of  d^2 / (2 beta) where |d| < beta, else |d| - beta / 2,  d = x - y
template <class T>
T smooth_l1(const T* x, const T* y, T* g, std::size_t n, double beta, Reduction how = Reduction::mean,
            T* values = nullptr) {
  double sum = 0;
  const double over = how == Reduction::sum ? 1 : static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    const bool near = std::fabs(d) < beta;
    const double one = near ? d * d / (2 * beta) : std::fabs(d) - beta / 2;
    sum += one;
    if (values) values[i] = static_cast<T>(one);
    g[i] = static_cast<T>((near ? d / beta : d > 0 ? 1.0 : d < 0 ? -1.0 : d) / over);
  }
  return static_cast<T>(sum / over);
}

// value = mean of  -w(c) (q(c) y log sigmoid(x) + (1 - y) log(1 - sigmoid(x)))
template <class T, class W, class Q>
T bce_with_logits(const T* x, const T* y, T* g, LossExtents d, W weight, Q pos_weight, Reduction how = Reduction::mean,
                  T* values = nullptr) {
  double sum = 0;
  const double over = how == Reduction::sum ? 1 : static_cast<double>(d.n * d.c * d.s);
  for (std::size_t i = 0; i < d.n * d.c * d.s; ++i) {
    const std::size_t c = i / d.s % d.c;
    const double a = static_cast<double>(x[i]), b = static_cast<double>(y[i]), e = std::exp(-std::fabs(a));
    const double q = 1 + (pos_weight(c) - 1) * b;
    const double one = weight(c) * ((1 - b) * a + q * (std::log1p(e) + std::fmax(-a, 0.0)));
    sum += one;
    if (values) values[i] = static_cast<T>(one);
    g[i] = static_cast<T>(weight(c) * (1 - b - q * (a < 0 ? 1 : e) / (1 + e)) / over);
  }
  return static_cast<T>(sum / over);
}

}  // namespace ctnet::reference

#include "../core/end_precise.hpp"
