// SPDX-License-Identifier: MIT
// The activations as functions of one number, on the host and on a GPU: y = f(x), and df(x) / dx from y or from x.
#pragma once

#include <cmath>

#include "host_device.hpp"

#include "begin_precise.hpp"

namespace ctnet {

enum class Act : int { relu, leaky_relu, sigmoid, tanh, gelu, silu };
inline constexpr int no_act = -1;  // where an activation may be missing

namespace detail {
template <class T>
CTNET_HD T sigmoid_of(T v) {
  return v >= 0 ? T(1) / (T(1) + std::exp(-v)) : std::exp(v) / (T(1) + std::exp(v));
}
template <class T>
CTNET_HD T normal_cdf(T v) {
  return T(0.5) * std::erfc(-v * T(0.70710678118654752440));  // 1 / sqrt(2)
}
}  // namespace detail

// act: an Act, or no_act; slope: leaky_relu's. A NaN stays one.
template <class T>
CTNET_HD T activate(int act, T v, T slope) {
  switch (static_cast<Act>(act)) {
    case Act::relu:
      return v < 0 ? T(0) : v;
    case Act::leaky_relu:
      return v > 0 ? v : slope * v;
    case Act::sigmoid:
      return detail::sigmoid_of(v);
    case Act::tanh:
      return std::tanh(v);
    case Act::gelu:
      return v * detail::normal_cdf(v);
    case Act::silu:
      return v * detail::sigmoid_of(v);
  }
  return v;
}

// Whether the derivative is a function of y; else it is one of x.
constexpr bool derived_from_output(int act) {
  return act == static_cast<int>(Act::relu) || act == static_cast<int>(Act::sigmoid) ||
         act == static_cast<int>(Act::tanh);
}
// df / dx; kept: y where derived_from_output, else x.
template <class T>
CTNET_HD T derivative(int act, T kept, T slope) {
  switch (static_cast<Act>(act)) {
    case Act::relu:
      return kept > 0 ? T(1) : T(0);
    case Act::leaky_relu:
      return kept > 0 ? T(1) : slope;
    case Act::sigmoid:
      return kept * (T(1) - kept);
    case Act::tanh:
      return T(1) - kept * kept;
    case Act::gelu:  // Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
      return detail::normal_cdf(kept) + kept * std::exp(T(-0.5) * kept * kept) * T(0.39894228040143267794);
    case Act::silu: {
      const T s = detail::sigmoid_of(kept);
      return s * (T(1) + kept * (T(1) - s));
    }
  }
  return T(1);
}

}  // namespace ctnet

#include "end_precise.hpp"
