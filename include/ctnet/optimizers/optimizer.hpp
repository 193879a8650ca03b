// SPDX-License-Identifier: MIT
// Optimizer: a configuration (SGD, Adam, AdamW) at work on a network's parameters, one fused pass over the buffer.
//   Optimizer step{net, Adam{.learning_rate = 1e-3f}};   ...backward...   step();   // applies and clears the gradients
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "../backends/cpu/threads.hpp"
#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

// How a backend carries out an optimizer's step. A backend whose parameters lie elsewhere (on a GPU) specialises this
// with the same members; on the host all take the configuration's own apply, which goes through the CPU targets, and
// threads where the backend has them, piece by piece of a size that makes a thread worth while.
template <class Config, class Backend>
struct OptimizerKernel {
  template <class T>
  static void apply(const Config& config, const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) {
    if constexpr (threads) {
      cpu::each_piece(true, pieces(n), [&](i64 from, i64 to) {
        T* part[most_parts] = {};
        for (int k = 0; k < most_parts; ++k) part[k] = state[k] ? state[k] + from : nullptr;
        config.apply(s, p + from, g + from, part, static_cast<std::size_t>(to - from));
      });
    } else {
      config.apply(s, p, g, state, n);
    }
  }
  template <class T>
  static double squared_norm(const T* g, std::size_t n) {
    return cpu::sum_pieces(threads, pieces(n), [&](i64 from, i64 to) {
      return CTNET_PICK(squared_norm<T>)(g + from, static_cast<std::size_t>(to - from));
    });
  }
  template <class T>
  static void scale(T* g, std::size_t n, double factor) {
    cpu::each_piece(threads, pieces(n), [&](i64 from, i64 to) {
      CTNET_PICK(scale<T>)(g + from, static_cast<std::size_t>(to - from), factor);
    });
  }

  static constexpr int most_parts = 3;  // of an optimizer's state

 private:
  static constexpr bool threads = cpu::has_threads<Backend>();
  static constexpr cpu::Pieces pieces(std::size_t n) { return {static_cast<i64>(n), 16384}; }
};

// Keeps a reference to the network, which must stay where it is while the optimizer lives.
template <class Network, class Config>
class Optimizer {
  using Kernel = OptimizerKernel<Config, typename Network::backend>;

 public:
  using scalar = typename Network::scalar;

  // A part of the state, one number per parameter, by PyTorch's name: "momentum_buffer", "exp_avg", "exp_avg_sq".
  struct Part {
    const char* name;
    std::span<scalar> values;
  };

  // Throws Error where an option is out of its range.
  Optimizer(Network& net, const Config& config)
      : net_((config.check(), net)),
        config_(config),
        learning_rate_(config.learning_rate),
        size_(net.parameters().size()),
        stride_((size_ + 15) / 16 * 16),
        segments_(detail::segments_of(Network::tensors(), config.decay_biases_and_norms, size_)),
        memory_(stride_ * config.state_names().size()) {}

  // One step with the network's gradients, which are cleared.
  void operator()() {
    [[maybe_unused]] const cpu::DenormalsOf<typename Network::backend> denormals;
    ++steps_;
    scalar* const p = net_.parameters().data();
    const scalar* const g = net_.gradients().data();
    for (Segment& s : segments_) {
      if (s.frozen) {
        ++s.skipped;
        continue;
      }
      scalar* state[3] = {};
      for (std::size_t k = 0; k < config_.state_names().size(); ++k) state[k] = memory_.data() + k * stride_ + s.offset;
      const SegmentStep step{learning_rate_ * s.rate_scale, s.decays ? config_.weight_decay : 0.0, steps_ - s.skipped};
      Kernel::template apply<scalar>(config_, step, p + s.offset, g + s.offset, state, s.size);
    }
    net_.zero_grad();
  }

  // Scales the gradients so that their 2-norm over all parameters is at most max_norm, as PyTorch's clip_grad_norm_.
  // Returns the norm they had; where that is infinite or NaN, it is the caller who must not go on.
  double clip_grad_norm(double max_norm) {
    [[maybe_unused]] const cpu::DenormalsOf<typename Network::backend> denormals;
    scalar* const g = net_.gradients().data();
    double sum = 0;
    for (const Segment& s : segments_)
      if (!s.frozen) sum += Kernel::template squared_norm<scalar>(g + s.offset, s.size);
    const double norm = std::sqrt(sum), factor = max_norm / (norm + 1e-6);
    if (!(factor >= 1))
      for (const Segment& s : segments_)
        if (!s.frozen) Kernel::template scale<scalar>(g + s.offset, s.size, factor);
    return norm;
  }

  double learning_rate() const { return learning_rate_; }
  void set_learning_rate(double rate) { learning_rate_ = rate; }
  i64 steps() const { return steps_; }
  const Config& config() const { return config_; }
  std::span<Segment> segments() { return segments_; }

  // With steps() and the learning rate, all that a later run needs to go on with the same bits; written in place.
  std::vector<Part> state() {
    std::vector<Part> parts;
    for (const char* name : config_.state_names())
      parts.push_back({name, {memory_.data() + parts.size() * stride_, size_}});
    return parts;
  }
  void set_steps(i64 steps) { steps_ = steps; }

 private:
  Network& net_;
  Config config_;
  double learning_rate_;
  i64 steps_ = 0;
  std::size_t size_, stride_;
  std::vector<Segment> segments_;
  typename Network::backend::template buffer<scalar> memory_;  // the parts of the state, one after the other
};

template <class Network, class Config>
Optimizer(Network&, const Config&) -> Optimizer<Network, Config>;

}  // namespace ctnet
