// SPDX-License-Identifier: MIT
// Adam and AdamW, as PyTorch's: m and v are running means of the gradient d and of d^2,
//   parameter -= learning_rate * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
// Weight decay: Adam adds weight_decay * parameter to the gradient, AdamW first takes learning_rate * weight_decay of
// the parameter away (Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019).
#pragma once

#include <cmath>
#include <span>

#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

namespace detail {

template <class Config>
void check_adam(const Config& c) {
  check_option(c.name, "learning_rate", c.learning_rate, c.learning_rate >= 0, "0 or more");
  check_option(c.name, "beta1", c.beta1, c.beta1 >= 0 && c.beta1 < 1, "0 or more, below 1");
  check_option(c.name, "beta2", c.beta2, c.beta2 >= 0 && c.beta2 < 1, "0 or more, below 1");
  check_option(c.name, "eps", c.eps, c.eps >= 0, "0 or more");
  check_option(c.name, "weight_decay", c.weight_decay, c.weight_decay >= 0, "0 or more");
}

inline std::span<const char* const> adam_state_names(bool amsgrad) {
  static constexpr const char* names[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
  return {names, amsgrad ? std::size_t{3} : std::size_t{2}};
}

// f(name, value) of each but the learning rate: what a run that goes on must go on with.
template <class Config, class F>
void each_adam_option(const Config& c, const F& f) {
  f("beta1", c.beta1), f("beta2", c.beta2), f("eps", c.eps), f("weight_decay", c.weight_decay);
  f("amsgrad", c.amsgrad), f("decay_biases_and_norms", c.decay_biases_and_norms);
}

template <class Config>
AdamNumbers adam_numbers(const Config& c, const SegmentStep& s, double l2, double keep) {
  const auto t = static_cast<double>(s.t);
  return {s.learning_rate / (1 - std::pow(c.beta1, t)), l2, keep, c.beta1, c.beta2, c.eps,
          1 / std::sqrt(1 - std::pow(c.beta2, t))};
}

}  // namespace detail

struct Adam {
  float learning_rate = 1e-3f;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool amsgrad = false;
  bool decay_biases_and_norms = true;  // PyTorch's behaviour; false: weight decay for weights of Conv and Linear only

  static constexpr const char* name = "Adam";

  std::span<const char* const> state_names() const { return detail::adam_state_names(amsgrad); }
  void check() const { detail::check_adam(*this); }
  template <class F>
  void each_option(const F& f) const {
    detail::each_adam_option(*this, f);
  }
  AdamNumbers numbers(const SegmentStep& s) const { return detail::adam_numbers(*this, s, s.weight_decay, 1); }
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    CTNET_PICK(adam_step<T>)(numbers(s), p, g, state[0], state[1], amsgrad ? state[2] : nullptr, n);
  }
};

struct AdamW {
  float learning_rate = 1e-3f;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.01;
  bool amsgrad = false;
  bool decay_biases_and_norms = true;  // PyTorch's behaviour; false: weight decay for weights of Conv and Linear only

  static constexpr const char* name = "AdamW";

  std::span<const char* const> state_names() const { return detail::adam_state_names(amsgrad); }
  void check() const { detail::check_adam(*this); }
  template <class F>
  void each_option(const F& f) const {
    detail::each_adam_option(*this, f);
  }
  AdamNumbers numbers(const SegmentStep& s) const {
    return detail::adam_numbers(*this, s, 0, 1 - s.learning_rate * s.weight_decay);
  }
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    CTNET_PICK(adam_step<T>)(numbers(s), p, g, state[0], state[1], amsgrad ? state[2] : nullptr, n);
  }
};

}  // namespace ctnet
