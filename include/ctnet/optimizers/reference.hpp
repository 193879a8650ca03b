// SPDX-License-Identifier: MIT
// The update rules in plain loops, for any scalar: the definition that every other way of computing them is tested
// against. p: n parameters, g: their gradients, the rest: the optimizer's state.
#pragma once

#include <cmath>
#include <cstddef>

#include "numbers.hpp"

namespace ctnet::reference {

//   d = g + decay p      b = momentum b + share d      p -= rate (nesterov ? d + momentum b : b)
// Without momentum (b null): p -= rate d. Sutskever et al., "On the importance of initialization and momentum", 2013.
template <class T>
void sgd(const SgdNumbers& k, T* p, const T* g, T* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    T d = g[i] + static_cast<T>(k.decay) * p[i];
    if (b) {
      b[i] = static_cast<T>(k.momentum) * b[i] + static_cast<T>(k.share) * d;
      d = k.nesterov ? d + static_cast<T>(k.momentum) * b[i] : b[i];
    }
    p[i] -= static_cast<T>(k.rate) * d;
  }
}

//   d = g + l2 p   m = beta1 m + (1 - beta1) d   v = beta2 v + (1 - beta2) d^2
//   p = keep p - rate m / (root_scale sqrt(v) + eps)
// Kingma & Ba, "Adam", 2015; Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. With `largest`, the
// maximum over time of v stands in its place: Reddi et al., "On the Convergence of Adam and Beyond", 2018.
template <class T>
void adam(const AdamNumbers& k, T* p, const T* g, T* m, T* v, T* largest, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const T d = g[i] + static_cast<T>(k.l2) * p[i];
    m[i] = static_cast<T>(k.beta1) * m[i] + static_cast<T>(1 - k.beta1) * d;
    v[i] = static_cast<T>(k.beta2) * v[i] + static_cast<T>(1 - k.beta2) * d * d;
    T second = v[i];
    if (largest) second = largest[i] = largest[i] > v[i] ? largest[i] : v[i];
    p[i] = static_cast<T>(k.keep) * p[i] -
           static_cast<T>(k.rate) * m[i] / (static_cast<T>(k.root_scale) * std::sqrt(second) + static_cast<T>(k.eps));
  }
}

}  // namespace ctnet::reference
