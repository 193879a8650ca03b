// SPDX-License-Identifier: MIT
// RMSprop, as PyTorch's: v is a running mean of d^2, d = gradient + weight_decay * parameter,
//   parameter -= learning_rate * d / (sqrt(v) + eps)
// centered: of the variance v - m^2 in place of v, m a running mean of d. momentum: buffer = momentum * buffer + that
// quotient takes its place. Hinton, lecture 6e, 2012; Graves, 2013.
#pragma once

#include <span>

#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

struct RMSprop {
  float learning_rate = 1e-2f;
  double alpha = 0.99;
  double eps = 1e-8;
  double weight_decay = 0;
  double momentum = 0;
  bool centered = false;
  bool decay_biases_and_norms = true;  // PyTorch's behaviour; false: weight decay for weights of Conv and Linear only

  static constexpr const char* name = "RMSprop";
  template <class F>
  void each_option(const F& f) const {
    f("alpha", alpha), f("eps", eps), f("weight_decay", weight_decay), f("momentum", momentum);
    f("centered", centered), f("decay_biases_and_norms", decay_biases_and_norms);
  }

  std::span<const char* const> state_names() const {
    static constexpr const char* names[] = {"square_avg", "grad_avg", "momentum_buffer"};
    static constexpr const char* without_mean[] = {"square_avg", "momentum_buffer"};
    const std::size_t n = momentum == 0 ? 1 : 2;
    if (centered) return {names, n + 1};
    return {without_mean, n};
  }
  void check() const {
    detail::check_option(name, "learning_rate", learning_rate, learning_rate >= 0, "0 or more");
    detail::check_option(name, "alpha", alpha, alpha >= 0 && alpha < 1, "0 or more, below 1");
    detail::check_option(name, "eps", eps, eps >= 0, "0 or more");
    detail::check_option(name, "weight_decay", weight_decay, weight_decay >= 0, "0 or more");
    detail::check_option(name, "momentum", momentum, momentum >= 0, "0 or more");
  }
  RmspropNumbers numbers(const SegmentStep& s) const {
    return {s.learning_rate, s.weight_decay, alpha, eps, momentum, centered, momentum != 0};
  }
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    T* const buffer = momentum == 0 ? nullptr : state[centered ? 2 : 1];
    CTNET_PICK(rmsprop_step<T>)(numbers(s), p, g, state[0], centered ? state[1] : nullptr, buffer, n);
  }
};

}  // namespace ctnet
