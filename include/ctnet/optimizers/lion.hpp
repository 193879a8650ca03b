// SPDX-License-Identifier: MIT
// Lion: the step is the sign of a mean of gradients, the same size for every parameter. With the running mean m,
//   parameter = parameter * (1 - learning_rate * weight_decay) - learning_rate * sign(beta1 * m + (1 - beta1) *
//   gradient) m = beta2 * m + (1 - beta2) * gradient
// Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023: a learning rate of a third to a tenth of AdamW's,
// a weight decay three to ten times as large.
#pragma once

#include <span>

#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

struct Lion {
  float learning_rate = 1e-4f;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double weight_decay = 0;
  bool decay_biases_and_norms = true;  // false: weight decay for weights of Conv and Linear only

  static constexpr const char* name = "Lion";
  template <class F>
  void each_option(const F& f) const {
    f("beta1", beta1), f("beta2", beta2), f("weight_decay", weight_decay);
    f("decay_biases_and_norms", decay_biases_and_norms);
  }

  std::span<const char* const> state_names() const {
    static constexpr const char* names[] = {"exp_avg"};
    return names;
  }
  void check() const {
    detail::check_option(name, "learning_rate", learning_rate, learning_rate >= 0, "0 or more");
    detail::check_option(name, "beta1", beta1, beta1 >= 0 && beta1 < 1, "0 or more, below 1");
    detail::check_option(name, "beta2", beta2, beta2 >= 0 && beta2 < 1, "0 or more, below 1");
    detail::check_option(name, "weight_decay", weight_decay, weight_decay >= 0, "0 or more");
  }
  LionNumbers numbers(const SegmentStep& s) const {
    return {s.learning_rate, 1 - s.learning_rate * s.weight_decay, beta1, beta2};
  }
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    CTNET_PICK(lion_step<T>)(numbers(s), p, g, state[0], n);
  }
};

}  // namespace ctnet
