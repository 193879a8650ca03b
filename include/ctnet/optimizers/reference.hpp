// SPDX-License-Identifier: MIT
// The update rules in plain loops, for any scalar. p: n parameters, g: their gradients, the rest: the optimizer's
// state, null where there is none.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "update.hpp"

#include "../core/begin_precise.hpp"

namespace ctnet::reference {

template <class T>
void sgd(const SgdNumbers& k, T* p, const T* g, T* b, std::size_t n) {
  const SgdUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i)
    if (b)
      update(p[i], g[i], b[i]);
    else
      update(p[i], g[i]);
}

template <class T>
void adam(const AdamNumbers& k, T* p, const T* g, T* m, T* v, T* largest, std::size_t n) {
  const AdamUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i)
    if (largest)
      update(p[i], g[i], m[i], v[i], largest[i]);
    else
      update(p[i], g[i], m[i], v[i]);
}

// m: of a centered one, b: with momentum.
template <class T>
void rmsprop(const RmspropNumbers& k, T* p, const T* g, T* v, T* m, T* b, std::size_t n) {
  const RmspropUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i)
    if (m && b)
      update(p[i], g[i], v[i], m[i], b[i]);
    else if (m || b)
      update(p[i], g[i], v[i], m ? m[i] : b[i]);
    else
      update(p[i], g[i], v[i]);
}

template <class T>
void lion(const LionNumbers& k, T* p, const T* g, T* m, std::size_t n) {
  const LionUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i) update(p[i], g[i], m[i]);
}

// p, g, b: rows x cols. With the momentum buffer b = momentum b + (1 - momentum) g,
//   X = nesterov ? (1 - momentum) g + momentum b : b;  X /= max(|X|, eps)   (Frobenius)
//   `steps` times: G = X X^T;  X = (a + b G + c G^2) X          which brings X's singular values near 1
//   p = keep p - rate X
template <class T>
void muon(const MuonNumbers& k, std::size_t rows, std::size_t cols, T* p, const T* g, T* b) {
  const std::size_t n = rows * cols;
  std::vector<double> x(n), gram(rows * rows), poly(rows * rows), next(n);
  double norm = 0;
  for (std::size_t i = 0; i < n; ++i) {
    b[i] = static_cast<T>(k.momentum) * b[i] + static_cast<T>(1 - k.momentum) * g[i];
    const double d = static_cast<double>(g[i]), m = static_cast<double>(b[i]);
    x[i] = k.nesterov ? (1 - k.momentum) * d + k.momentum * m : m;
    norm += x[i] * x[i];
  }
  norm = std::sqrt(norm);
  for (double& v : x) v /= norm > k.eps ? norm : k.eps;
  const auto product = [](const std::vector<double>& l, const auto& r, std::vector<double>& to, std::size_t rows_,
                          std::size_t cols_, std::size_t depth) {
    for (std::size_t i = 0; i < rows_; ++i)
      for (std::size_t j = 0; j < cols_; ++j) {
        double sum = 0;
        for (std::size_t q = 0; q < depth; ++q) sum += l[i * depth + q] * r(q, j);
        to[i * cols_ + j] = sum;
      }
  };
  for (int step = 0; step < k.steps; ++step) {
    product(
        x, [&](std::size_t q, std::size_t j) { return x[j * cols + q]; }, gram, rows, rows, cols);
    product(
        gram, [&](std::size_t q, std::size_t j) { return gram[q * rows + j]; }, poly, rows, rows, rows);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < rows; ++j)
        poly[i * rows + j] = k.b * gram[i * rows + j] + k.c * poly[i * rows + j] + (i == j ? k.a : 0);
    product(
        poly, [&](std::size_t q, std::size_t j) { return x[q * cols + j]; }, next, rows, cols, rows);
    x.swap(next);
  }
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(k.keep * static_cast<double>(p[i]) - k.rate * x[i]);
}

}  // namespace ctnet::reference

#include "../core/end_precise.hpp"
