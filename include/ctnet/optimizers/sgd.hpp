// SPDX-License-Identifier: MIT
// SGD, as PyTorch's. With d = gradient + weight_decay * parameter:
//   buffer = momentum * buffer + (1 - dampening) * d (the first time: d)
//   parameter -= learning_rate * (nesterov ? d + momentum * buffer : buffer);  without momentum: learning_rate * d
#pragma once

#include <span>

#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

struct SGD {
  float learning_rate = 1e-3f;
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;  // needs momentum and no dampening
  double weight_decay = 0;
  bool decay_biases_and_norms = true;  // PyTorch's behaviour; false: weight decay for weights of Conv and Linear only

  static constexpr const char* name = "SGD";
  // f(name, value) of each but the learning rate: what a run that goes on must go on with.
  template <class F>
  void each_option(const F& f) const {
    f("momentum", momentum), f("dampening", dampening), f("nesterov", nesterov), f("weight_decay", weight_decay);
    f("decay_biases_and_norms", decay_biases_and_norms);
  }

  std::span<const char* const> state_names() const {
    static constexpr const char* names[] = {"momentum_buffer"};
    return {names, momentum == 0 ? std::size_t{0} : std::size_t{1}};
  }
  void check() const {
    detail::check_option(name, "learning_rate", learning_rate, learning_rate >= 0, "0 or more");
    detail::check_option(name, "momentum", momentum, momentum >= 0, "0 or more");
    detail::check_option(name, "dampening", dampening, true, "any number");
    detail::check_option(name, "weight_decay", weight_decay, weight_decay >= 0, "0 or more");
    if (nesterov && (momentum == 0 || dampening != 0))
      fail("SGD: nesterov needs momentum and no dampening, got momentum ", momentum, " and dampening ", dampening);
  }

  SgdNumbers numbers(const SegmentStep& s) const {
    return {s.learning_rate, s.weight_decay, momentum, s.t == 1 ? 1.0 : 1.0 - dampening, nesterov};
  }
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    if (momentum == 0)
      CTNET_PICK(sgd_step<T>)(numbers(s), p, g, n);
    else
      CTNET_PICK(sgd_momentum_step<T>)(numbers(s), p, g, state[0], n);
  }
};

}  // namespace ctnet
