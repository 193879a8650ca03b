// SPDX-License-Identifier: MIT
// The definitions of the activations: f, and df as a function of what backward keeps (the output y, or the input x).
#pragma once

#include <cmath>

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "op.hpp"

namespace ctnet {

namespace detail {
template <class T>
T sigmoid_of(T v) {
  return v >= 0 ? T(1) / (T(1) + std::exp(-v)) : std::exp(v) / (T(1) + std::exp(v));
}
template <class T>
T normal_cdf(T v) {
  return T(0.5) * std::erfc(-v * T(0.70710678118654752440));  // 1 / sqrt(2)
}
}  // namespace detail

template <class T>
struct Kernel<ActivationOp, Reference<T>> {
  static void forward(const ActivationOp& o, const Forward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    const T slope = static_cast<T>(o.slope_numerator) / static_cast<T>(o.slope_denominator);
    auto map = [&](auto f) {
      for (i64 i = 0; i < n; ++i) a.out[i] = f(a.in[0][i]);
    };
    switch (static_cast<Act>(o.act)) {
      case Act::relu:
        return map([](T v) { return v < 0 ? T(0) : v; });  // a NaN stays
      case Act::leaky_relu:
        return map([=](T v) { return v > 0 ? v : slope * v; });
      case Act::sigmoid:
        return map([](T v) { return detail::sigmoid_of(v); });
      case Act::tanh:
        return map([](T v) { return std::tanh(v); });
      case Act::gelu:
        return map([](T v) { return v * detail::normal_cdf(v); });
      case Act::silu:
        return map([](T v) { return v * detail::sigmoid_of(v); });
    }
  }
  static void backward(const ActivationOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const i64 n = i64{a.batch} * o.size;
    const T slope = static_cast<T>(o.slope_numerator) / static_cast<T>(o.slope_denominator);
    auto map = [&](const T* kept, auto df) {
      for (i64 i = 0; i < n; ++i) a.grad_in[0][i] = a.grad_out[i] * df(kept[i]);
    };
    switch (static_cast<Act>(o.act)) {
      case Act::relu:
        return map(a.out, [](T y) { return y > 0 ? T(1) : T(0); });
      case Act::leaky_relu:
        return map(a.in[0], [=](T v) { return v > 0 ? T(1) : slope; });
      case Act::sigmoid:
        return map(a.out, [](T y) { return y * (T(1) - y); });
      case Act::tanh:
        return map(a.out, [](T y) { return T(1) - y * y; });
      case Act::gelu:
        return map(a.in[0], [](T v) {  // Phi(x) + x phi(x), phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
          return detail::normal_cdf(v) + v * std::exp(T(-0.5) * v * v) * T(0.39894228040143267794);
        });
      case Act::silu:
        return map(a.in[0], [](T v) {
          const T s = detail::sigmoid_of(v);
          return s * (T(1) + v * (T(1) - s));
        });
    }
  }
};

template <class T>
struct Kernel<SoftmaxOp, Reference<T>> {
  static void forward(const SoftmaxOp& o, const Forward<T>& a) {
    for (int n = 0; n < a.batch; ++n)
      for (int i = 0; i < o.plane; ++i) {
        const i64 at = i64{n} * o.c * o.plane + i;
        T most = a.in[0][at], sum = 0;
        for (int c = 1; c < o.c; ++c)
          most = a.in[0][at + i64{c} * o.plane] > most ? a.in[0][at + i64{c} * o.plane] : most;
        for (int c = 0; c < o.c; ++c) {
          const T e = std::exp(a.in[0][at + i64{c} * o.plane] - most);
          a.out[at + i64{c} * o.plane] = e;
          sum += e;
        }
        for (int c = 0; c < o.c; ++c) a.out[at + i64{c} * o.plane] /= sum;
      }
  }
  // dx = y (dy - sum over c of dy y)
  static void backward(const SoftmaxOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (int n = 0; n < a.batch; ++n)
      for (int i = 0; i < o.plane; ++i) {
        const i64 at = i64{n} * o.c * o.plane + i;
        T dot = 0;
        for (int c = 0; c < o.c; ++c) dot += a.grad_out[at + i64{c} * o.plane] * a.out[at + i64{c} * o.plane];
        for (int c = 0; c < o.c; ++c)
          a.grad_in[0][at + i64{c} * o.plane] =
              a.out[at + i64{c} * o.plane] * (a.grad_out[at + i64{c} * o.plane] - dot);
      }
  }
};

}  // namespace ctnet
