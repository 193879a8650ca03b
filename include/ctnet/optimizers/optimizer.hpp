// SPDX-License-Identifier: MIT
// Optimizer: a configuration (SGD, Adam, RMSprop ...) at work on a network's parameters, one fused pass over the
// buffer.
//   Optimizer step{net, Adam{.learning_rate = 1e-3f}};   ...backward...   step();   // applies and clears the gradients
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "../backends/cpu/threads.hpp"
#include "../core/host_device.hpp"
#include "cpu.hpp"
#include "segment.hpp"

namespace ctnet {

namespace detail {
// One update of a segment that is not frozen, at step `steps` of the run.
template <class Config>
SegmentStep step_of(const Config& config, const Segment& s, double learning_rate, i64 steps) {
  return {learning_rate * s.rate_scale, s.decays ? config.weight_decay : 0.0, steps - s.skipped, s.decays};
}
// Whether weight decay goes for all parameters.
template <class Config>
bool decays_all(const Config& config) {
  if constexpr (requires { config.decay_biases_and_norms; })
    return config.decay_biases_and_norms;
  else
    return config.rest.decay_biases_and_norms;
}
// Parts of the state lie side by side, each from a multiple of 16 elements on.
constexpr std::size_t state_stride(std::size_t parameters) { return (parameters + 15) / 16 * 16; }
// The factor that brings a norm down to `most`, as PyTorch's clip_grad_norm_; 1 or more where it is small enough.
CTNET_HD inline double clip_factor(double most, double norm) { return most / (norm + 1e-6); }
}  // namespace detail

// How a backend carries out an optimizer's steps. A backend whose parameters lie elsewhere (on a GPU) specialises this:
// all that Optimizer asks for is At<Network>. On the host all take the configuration's own apply, which goes through
// the CPU targets, and threads where the backend has them, piece by piece of a size that makes a thread worth while.
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

  // The state of an optimizer of this network, and the work on it.
  template <class Network>
  class At {
   public:
    using T = typename Network::scalar;
    static constexpr bool queued = false;  // has prepare, queue_step and queue_clip as well

    static std::size_t parameters_of(Network& net) { return net.parameters().size(); }

    At(Network& net, const Config& config, std::span<const Segment> segments)
        : net_(net),
          parts_(config.state_names().size()),
          size_(detail::parameters_in(segments)),
          stride_(detail::state_stride(size_)),
          memory_(stride_ * parts_) {
      if constexpr (detail::takes_matrices<Config>) {
        std::size_t most = 0;
        for (const Segment& s : segments)
          if (s.rows > 0) most = std::max(most, Config::workspace(s.rows, static_cast<i64>(s.size) / s.rows));
        work_.grow(most);
      }
    }

    // Step `steps` (from 1) with the network's gradients; frozen segments stay as they are.
    void step(const Config& config, double learning_rate, i64 steps, std::span<const Segment> segments) {
      [[maybe_unused]] const cpu::DenormalsOf<Backend> denormals;
      T* const p = net_.parameters().data();
      const T* const g = net_.gradients().data();
      for (const Segment& s : segments) {
        if (s.frozen) continue;
        T* state[most_parts] = {};
        for (std::size_t k = 0; k < parts_; ++k) state[k] = memory_.data() + k * stride_ + s.offset;
        const SegmentStep now = detail::step_of(config, s, learning_rate, steps);
        if constexpr (detail::takes_matrices<Config>)
          if (s.rows > 0) {
            config.apply_matrix(now, s.rows, static_cast<i64>(s.size) / s.rows, p + s.offset, g + s.offset, state,
                                work_.data(), threads);
            continue;
          }
        apply<T>(config, now, p + s.offset, g + s.offset, state, s.size);
      }
    }
    // The gradients' norm, and the gradients scaled down where it is more than max_norm.
    double clip(double max_norm, std::span<const Segment> segments) {
      [[maybe_unused]] const cpu::DenormalsOf<Backend> denormals;
      T* const g = net_.gradients().data();
      double sum = 0;
      for (const Segment& s : segments)
        if (!s.frozen) sum += squared_norm<T>(g + s.offset, s.size);
      const double norm = std::sqrt(sum), factor = detail::clip_factor(max_norm, norm);
      if (!(factor >= 1))
        for (const Segment& s : segments)
          if (!s.frozen) scale<T>(g + s.offset, s.size, factor);
      return norm;
    }
    // Part k of the state, to read and to write.
    std::span<T> part(std::size_t k) { return {memory_.data() + k * stride_, size_}; }

   private:
    Network& net_;
    std::size_t parts_, size_, stride_;
    typename Backend::template buffer<T> memory_, work_;
  };

 private:
  static constexpr bool threads = cpu::has_threads<Backend>();
  static constexpr cpu::Pieces pieces(std::size_t n) { return {static_cast<i64>(n), 16384}; }
};

// Keeps a reference to the network, which must stay where it is while the optimizer is used: a step throws Error where
// the network was destroyed or moved. Layers that are frozen in the network (freeze) are passed over.
template <class Network, class Config>
class Optimizer {
  using At = typename OptimizerKernel<Config, typename Network::backend>::template At<Network>;

 public:
  using network_type = Network;
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
        learning_rate_(static_cast<double>(config.learning_rate)),
        segments_(detail::segments_of(Network::tensors(), detail::decays_all(config), At::parameters_of(net))),
        at_(net, config, segments_) {
    runs_.reserve(segments_.size());
    if constexpr (requires { net.watch(); }) there_ = net.watch();
  }

  // One step with the network's gradients, which are cleared.
  void operator()() {
    expect_network("Optimizer");
    count_step();
    at_.step(config_, learning_rate_, steps_, runs());
    net_.zero_grad();
  }

  // Scales the gradients so that their 2-norm over all parameters is at most max_norm, as PyTorch's clip_grad_norm_.
  // Returns the norm they had; where that is infinite or NaN, it is the caller who must not go on.
  double clip_grad_norm(double max_norm) {
    expect_network("clip_grad_norm");
    return at_.clip(max_norm, runs());
  }

  double learning_rate() const { return learning_rate_; }
  // Throws Error where it makes no sense.
  void set_learning_rate(double rate) {
    detail::check_option(Config::name, "learning_rate", rate, rate >= 0, "0 or more");
    learning_rate_ = rate;
  }
  i64 steps() const { return steps_; }
  const Config& config() const { return config_; }
  // One for each tensor of parameters, in their order. What is frozen here is parameters alone; freeze(net, layer) lets
  // a normalization's statistics rest too.
  std::span<Segment> segments() { return segments_; }
  // Throws Error where this is an optimizer of another network, or the network is no longer where it was.
  void expect_network(const char* what, const Network& net) const {
    expect_network(what);
    if (&net != &net_)
      fail(what, ": the optimizer was made for another network, or for this one before it was moved; make one for it");
  }

  // With steps() and the learning rate, all that a later run needs to go on with the same bits; written in place. The
  // spans are good until the next step.
  std::vector<Part> state() {
    std::vector<Part> parts;
    for (const char* name : config_.state_names()) parts.push_back({name, at_.part(parts.size())});
    return parts;
  }
  void set_steps(i64 steps) { steps_ = steps; }

  // A step in two halves, on backends that queue their work: what changes from step to step (learning rate, count,
  // what is frozen) is sent ahead, and the step itself is always the same work, fit to be captured. queue_clip before
  // queue_step, where there is one; only the update sees the gradients scaled. `result`, where it is given, is told the
  // norm. Where `halted` is given, a result that is no number ends training: neither that step nor any after it changes
  // anything, and *halted is 1. All in the backend's memory.
  void prepare_step()
    requires At::queued
  {
    expect_network("Optimizer");
    count_step();
    at_.prepare(config_, learning_rate_, steps_, runs());
  }
  template <class Queue, class... ResultAndHalted>
  void queue_step(const Queue& queue, ResultAndHalted... halt)
    requires At::queued
  {
    at_.queue_step(queue, halt...);
  }
  template <class Queue, class Result>
  void queue_clip(const Queue& queue, double max_norm, Result* result)
    requires At::queued
  {
    at_.queue_clip(queue, max_norm, result);
  }

 private:
  void count_step() {
    ++steps_;
    for (Segment& s : segments_) s.skipped += rests(s);
  }
  bool rests(const Segment& s) const {
    if constexpr (requires { net_.frozen(s.layer); })
      return s.frozen || net_.frozen(s.layer);
    else
      return s.frozen;
  }
  // What a step passes over at once.
  std::span<const Segment> runs() {
    runs_.clear();
    for (Segment s : segments_) {
      s.frozen = rests(s);
      if constexpr (!detail::takes_matrices<Config>) s.rows = 0;
      detail::append_run(runs_, s);
    }
    return runs_;
  }
  void expect_network(const char* what) const {
    if (there_ && !*there_) fail(what, ": the network that the optimizer was made for was destroyed or moved");
  }

  Network& net_;
  Config config_;
  double learning_rate_;
  i64 steps_ = 0;
  std::vector<Segment> segments_, runs_;
  std::shared_ptr<const bool> there_;  // null: the network does not say
  At at_;
};

template <class Network, class Config>
Optimizer(Network&, const Config&) -> Optimizer<Network, Config>;

// A network that is const is not trained: the one error that says so, and an optimizer to go on with.
template <class Network, class Config>
class Optimizer<const Network, Config> : public Optimizer<Network, Config> {
  static_assert(!std::is_class_v<Network>,
                "an optimizer changes the network, which is const here; its clone() is one to train");

 public:
  Optimizer(const Network& net, const Config& config) : Optimizer<Network, Config>(const_cast<Network&>(net), config) {}
};

namespace detail {
// Whether an optimizer could be one of this network. Those that do not say whose they are, could.
template <class Network, class O>
constexpr bool optimizer_fits() {
  if constexpr (requires { typename std::remove_cvref_t<O>::network_type; })
    return std::is_same_v<typename std::remove_cvref_t<O>::network_type, Network>;
  else
    return true;
}
// What trains changes network and optimizer (Config: an optimizer or the options of one). Where they cannot be, false,
// beside the one error that says so.
template <class Network, class Config>
constexpr bool expect_trainable() {
  using O = std::remove_reference_t<Config>;
  constexpr bool network = !std::is_const_v<Network>;
  constexpr bool optimizer = !std::is_const_v<O> || !requires { typename O::network_type; };
  constexpr bool fits = optimizer_fits<std::remove_const_t<Network>, O>();
  static_assert(network, "training changes the network, which is const here; its clone() is one to train");
  static_assert(!network || optimizer, "training changes the optimizer, which is const here");
  static_assert(!network || !optimizer || fits, "the optimizer was made for a network of another type");
  return network && optimizer && fits;
}
// Throws Error where it is not.
template <class Network, class O>
void expect_network_of(const char* what, const Network& net, const O& optimizer) {
  static_assert(optimizer_fits<Network, O>(), "the optimizer was made for a network of another type");
  if constexpr (requires { optimizer.expect_network(what, net); }) optimizer.expect_network(what, net);
}
}  // namespace detail

}  // namespace ctnet
