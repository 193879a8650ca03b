// SPDX-License-Identifier: MIT
// The update rules, for one parameter p with its gradient g and its state: the definition that every other way of
// computing them is tested against. Called by plain loops (reference.hpp) and by kernels on a GPU.
#pragma once

#include <cmath>

#include "../core/host_device.hpp"
#include "numbers.hpp"

namespace ctnet {

//   d = g + decay p      b = momentum b + share d      p -= rate (nesterov ? d + momentum b : b)
// Without momentum (no b): p -= rate d. Sutskever et al., "On the importance of initialization and momentum", 2013.
template <class T>
struct SgdUpdate {
  static constexpr int fewest_parts = 0, most_parts = 1;  // of the state
  T rate, decay, momentum, share;
  bool nesterov;

  SgdUpdate() = default;
  bool operator==(const SgdUpdate&) const = default;
  explicit SgdUpdate(const SgdNumbers& k)
      : rate(static_cast<T>(k.rate)),
        decay(static_cast<T>(k.decay)),
        momentum(static_cast<T>(k.momentum)),
        share(static_cast<T>(k.share)),
        nesterov(k.nesterov) {}

  CTNET_HD void operator()(T& p, T g) const { p -= rate * (g + decay * p); }
  CTNET_HD void operator()(T& p, T g, T& b) const {
    const T d = g + decay * p;
    b = momentum * b + share * d;
    p -= rate * (nesterov ? d + momentum * b : b);
  }
};

//   d = g + l2 p   m = beta1 m + (1 - beta1) d   v = beta2 v + (1 - beta2) d^2
//   p = keep p - rate m / (root_scale sqrt(v) + eps)
// Kingma & Ba, "Adam", 2015; Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019. With `largest`, the
// maximum over time of v stands in its place: Reddi et al., "On the Convergence of Adam and Beyond", 2018.
template <class T>
struct AdamUpdate {
  static constexpr int fewest_parts = 2, most_parts = 3;
  T rate, l2, keep, beta1, rest1, beta2, rest2, eps, root_scale;

  AdamUpdate() = default;
  bool operator==(const AdamUpdate&) const = default;
  explicit AdamUpdate(const AdamNumbers& k)
      : rate(static_cast<T>(k.rate)),
        l2(static_cast<T>(k.l2)),
        keep(static_cast<T>(k.keep)),
        beta1(static_cast<T>(k.beta1)),
        rest1(static_cast<T>(1 - k.beta1)),
        beta2(static_cast<T>(k.beta2)),
        rest2(static_cast<T>(1 - k.beta2)),
        eps(static_cast<T>(k.eps)),
        root_scale(static_cast<T>(k.root_scale)) {}

  CTNET_HD void operator()(T& p, T g, T& m, T& v) const {
    moments(p, g, m, v);
    move(p, m, v);
  }
  CTNET_HD void operator()(T& p, T g, T& m, T& v, T& largest) const {
    moments(p, g, m, v);
    largest = largest > v ? largest : v;
    move(p, m, largest);
  }

 private:
  CTNET_HD void moments(T p, T g, T& m, T& v) const {
    const T d = g + l2 * p;
    m = beta1 * m + rest1 * d;
    v = beta2 * v + rest2 * d * d;
  }
  CTNET_HD void move(T& p, T m, T second) const { p = keep * p - rate * m / (root_scale * std::sqrt(second) + eps); }
};

//   d = g + l2 p   v = alpha v + (1 - alpha) d^2   with `centered`: m = alpha m + (1 - alpha) d
//   e = d / (sqrt(v - m^2) + eps)   p -= rate e, or with a buffer: b = momentum b + e, p -= rate b
// Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centered: Graves, "Generating Sequences With
// Recurrent Neural Networks", 2013. The state is v, then m, then b, those that there are.
template <class T>
struct RmspropUpdate {
  static constexpr int fewest_parts = 1, most_parts = 3;
  T rate, l2, alpha, rest, eps, momentum;
  bool centered;

  RmspropUpdate() = default;
  bool operator==(const RmspropUpdate&) const = default;
  explicit RmspropUpdate(const RmspropNumbers& k)
      : rate(static_cast<T>(k.rate)),
        l2(static_cast<T>(k.l2)),
        alpha(static_cast<T>(k.alpha)),
        rest(static_cast<T>(1 - k.alpha)),
        eps(static_cast<T>(k.eps)),
        momentum(static_cast<T>(k.momentum)),
        centered(k.centered) {}

  CTNET_HD void operator()(T& p, T g, T& v) const {
    const T d = g + l2 * p;
    mean_square(d, v);
    p -= rate * (d / (std::sqrt(v) + eps));
  }
  CTNET_HD void operator()(T& p, T g, T& v, T& other) const {
    const T d = g + l2 * p;
    mean_square(d, v);
    if (centered)
      p -= rate * (d / deviation(d, v, other));
    else
      p -= rate * buffered(d / (std::sqrt(v) + eps), other);
  }
  CTNET_HD void operator()(T& p, T g, T& v, T& m, T& b) const {
    const T d = g + l2 * p;
    mean_square(d, v);
    p -= rate * buffered(d / deviation(d, v, m), b);
  }

 private:
  CTNET_HD void mean_square(T d, T& v) const { v = alpha * v + rest * d * d; }
  CTNET_HD T deviation(T d, T v, T& m) const {
    m = alpha * m + rest * d;
    const T variance = v - m * m;
    return std::sqrt(variance < 0 ? T(0) : variance) + eps;  // below 0 by rounding alone
  }
  CTNET_HD T buffered(T e, T& b) const { return b = momentum * b + e; }
};

//   p = keep p - rate sign(beta1 m + (1 - beta1) g)   m = beta2 m + (1 - beta2) g
// Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023. A NaN passes through sign.
template <class T>
struct LionUpdate {
  static constexpr int fewest_parts = 1, most_parts = 1;
  T rate, keep, beta1, rest1, beta2, rest2;

  LionUpdate() = default;
  bool operator==(const LionUpdate&) const = default;
  explicit LionUpdate(const LionNumbers& k)
      : rate(static_cast<T>(k.rate)),
        keep(static_cast<T>(k.keep)),
        beta1(static_cast<T>(k.beta1)),
        rest1(static_cast<T>(1 - k.beta1)),
        beta2(static_cast<T>(k.beta2)),
        rest2(static_cast<T>(1 - k.beta2)) {}

  CTNET_HD void operator()(T& p, T g, T& m) const {
    const T c = beta1 * m + rest1 * g;
    p = keep * p - rate * (c > 0 ? T(1) : c < 0 ? T(-1) : c);
    m = beta2 * m + rest2 * g;
  }
};

// The rule that goes with a configuration's numbers.
namespace detail {
template <class T>
SgdUpdate<T> update_with(const SgdNumbers& k) {
  return SgdUpdate<T>{k};
}
template <class T>
AdamUpdate<T> update_with(const AdamNumbers& k) {
  return AdamUpdate<T>{k};
}
template <class T>
RmspropUpdate<T> update_with(const RmspropNumbers& k) {
  return RmspropUpdate<T>{k};
}
template <class T>
LionUpdate<T> update_with(const LionNumbers& k) {
  return LionUpdate<T>{k};
}
}  // namespace detail

}  // namespace ctnet
