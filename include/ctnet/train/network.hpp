// SPDX-License-Identifier: MIT
// Network<Net, Input, Backend>: a network with its parameters, ready to train and to predict.
#pragma once

#ifndef __cpp_exceptions
#  error "ctnet: Network reports mistakes by exceptions, -fno-exceptions switches them off; infer.hpp does without them"
#endif

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "../backends/cpu/cpu.hpp"
#include "../core/anchor.hpp"
#include "../core/tensor.hpp"
#include "../program/analysis.hpp"
#include "engine.hpp"

namespace ctnet {

namespace detail {
template <class Net, class Input>
inline constexpr auto inference_plan = plan_inference(graph<Net, Input>);

// Made when the first network of its kind is, not by the compiler: nothing needs it as a constant. The call keeps
// compilers from trying, which takes them seconds.
template <int N>
TrainingPlan<N> training_plan_of(const Graph<N>& g) {
  return plan_training(g);
}
template <class Net, class Input>
const auto& training_plan() {
  static const auto plan = training_plan_of(graph<Net, Input>);
  return plan;
}
template <class Net, class Input>
Program program_of() {
  constexpr const auto& g = graph<Net, Input>;
  constexpr const auto& inference = inference_plan<Net, Input>;
  const auto& training = training_plan<Net, Input>();
  Program p = Program::of(g);
  p.plan(inference);
  p.plan(training);
  return p;
}
// An engine may have its own way of making its programs.
template <class Net, class Input, class B>
Engine<B> engine_of() {
  static_cast<void>(CheckedKernels<Net, Input, B>::size);
  if constexpr (requires { Engine<B>::template of<Net, Input>(); })
    return Engine<B>::template of<Net, Input>();
  else
    return Engine<B>(program_of<Net, Input>(), steps<Net, Input, B>.step);
}
}  // namespace detail

// Net is a type (Sequential<...>), Input an Image<C, H, W>; a wrong shape is one compile error. Tensors are anything
// TensorLike, (N, C, H, W) or (N, F), of any strides (core/tensor.hpp); the batch size N is free at run time and memory
// grows once. Views that it gives live until its next call, to which they may be given as a tensor. Not for use by two
// threads at once, also where it is const: predict computes in the network's memory. Throws Error where a tensor's size
// does not fit, OutOfMemory (a std::bad_alloc that says of what). Move-only; an Optimizer refers to the network that it
// was made with, which must not move meanwhile. Within forward, backward, predict, losses and the optimizer's step on
// the CPU, denormal numbers count as zeros; the caller's control register is restored on exit, also when an error
// leaves. On Cpu<T, OpenMP> results have the same bits for any number of threads. On Cuda<...> (of the device that is
// current when it is made) tensors come from the host and views are of the host; parameters(), gradients() and
// statistics() are copies, read when asked for, and what is written there goes to the device before its next work.
template <class NetType, class InputType_, class B = Cpu<float>>
class Network {
  enum : unsigned { checked = Checked<NetType, InputType_>::size };

 public:
  using Net = NetType;
  using Input = InputType_;
  using backend = B;
  using scalar = typename B::scalar;
  using Facts = Analysis<Net, Input>;

  // False where a layer's kernel is without backward.
  static constexpr bool trains = detail::has_backward<Net, Input, B>;
  static void check_backward() {
    if constexpr (!trains) static_cast<void>(detail::CheckedKernels<Net, Input, B, detail::Pass::backward>::size);
  }

  explicit Network(Seed seed = {}) : engine_(detail::engine_of<Net, Input, B>()) { engine_.initialize(seed); }

  // Training mode (batch statistics, dropout). Logits (N, ...), for a loss.
  template <class X>
  View<const scalar> forward(const X& images) {
    if constexpr (detail::expect_tensor<X>()) {
      const std::size_t n = batch_of(images, Input::shape, "forward: the input");
      if (n == 0) fail("forward: the input has no images");
      return {engine_.forward(taken(images, "forward: the input").data(), n), n, output_shape()};
    } else {
      return {};
    }
  }
  // Gradients of the parameters, from d loss / d output of the last forward; they add up until zero_grad. Once for each
  // forward, whose memory it reuses.
  template <class G>
  void backward(const G& grad) {
    check_backward();
    if constexpr (trains && detail::expect_tensor<G>()) {
      check_gradient(grad);
      engine_.backward(taken(grad, "backward: the gradient").data(), false);
    }
  }
  // The same, and d loss / d input, (N, C, H, W).
  template <class G>
  View<const scalar> backward_to_input(const G& grad) {
    check_backward();
    if constexpr (trains && detail::expect_tensor<G>()) {
      check_gradient(grad);
      return {engine_.backward(taken(grad, "backward: the gradient").data(), true), engine_.batch(), Input::shape};
    } else {
      return {};
    }
  }
  // Evaluation mode: running statistics, no dropout, nothing kept for backward.
  template <class X>
  View<const scalar> predict(const X& images) const {
    if constexpr (detail::expect_tensor<X>()) {
      const std::size_t n = batch_of(images, Input::shape, "predict: the input");
      if (n == 0) return {nullptr, 0, output_shape()};
      return {engine_.predict(taken(images, "predict: the input").data(), n), n, output_shape()};
    } else {
      return {};
    }
  }

  // One contiguous buffer each, in the order of tensors(). Those of a const network are read only: on the CPU several
  // threads may read them at once, while nobody trains.
  std::span<scalar> parameters() { return engine_.parameters(); }
  std::span<const scalar> parameters() const { return std::as_const(engine_).parameters(); }
  std::span<scalar> gradients() { return engine_.gradients(); }
  void zero_grad() { engine_.zero_grad(); }
  // BatchNorm's running means and variances.
  std::span<scalar> statistics() { return engine_.statistics(); }
  std::span<const scalar> statistics() const { return std::as_const(engine_).statistics(); }
  // Every tensor and where it lies in parameters() or statistics().
  static std::span<const TensorPlace> tensors() {
    return {graph<Net, Input>.tensor, static_cast<std::size_t>(graph<Net, Input>.tensors)};
  }
  // The values of one of tensors().
  std::span<scalar> values(const TensorPlace& t) { return part(t.spec.parameter() ? parameters() : statistics(), t); }
  std::span<const scalar> values(const TensorPlace& t) const {
    return part(t.spec.parameter() ? parameters() : statistics(), t);
  }
  // Parameters and statistics in the order of the layers: what a deployed network loads.
  std::vector<scalar> state() const {
    std::vector<scalar> all;
    all.reserve(static_cast<std::size_t>(Facts::state_size));
    for (const TensorPlace& t : tensors()) {
      const std::span<const scalar> v = values(t);
      all.insert(all.end(), v.begin(), v.end());
    }
    return all;
  }
  template <class S>
  void load_state(const S& state) {
    if constexpr (detail::expect_tensor<S>()) {
      if (static_cast<i64>(state.size()) != Facts::state_size)
        fail("load_state: ", static_cast<i64>(state.size()), " values, expected ", Facts::state_size);
      const auto given = taken(state, "load_state: the state");
      auto from = given.data();
      for (const TensorPlace& t : tensors())
        for (scalar& v : values(t)) v = static_cast<scalar>(*from++);
    }
  }

  // Another network of the same parameters, statistics, frozen layers and random state (what dropout draws next), with
  // memory of its own; on the GPU that is current. Gradients are not taken over, and no forward: it begins with
  // zero_grad.
  Network clone() const {
    const std::span<const scalar> parameters = this->parameters(), statistics = this->statistics();
    Network made{Seed{engine_.seed()}};
    std::copy(parameters.begin(), parameters.end(), made.parameters().begin());
    std::copy(statistics.begin(), statistics.end(), made.statistics().begin());
    made.engine_.random_state(engine_.seed(), engine_.step());
    for (int i = 0; i < graph<Net, Input>.ops; ++i)
      if (frozen(i)) made.freeze(i);
    return made;
  }

  // A layer's parameters rest, and its running statistics: a normalization then works as in evaluation mode. freeze.hpp
  // has this by path, and for all layers. Throws Error where there is no such layer.
  void freeze(int layer, bool rests = true) {
    if (layer < 0 || layer >= graph<Net, Input>.ops)
      fail("freeze: layer ", layer, ", the network has ", graph<Net, Input>.ops);
    engine_.freeze(layer, rests);
  }
  bool frozen(int layer) const { return engine_.frozen(layer); }

  Engine<B>& engine() { return engine_; }
  const Engine<B>& engine() const { return engine_; }
  // True as long as this network lives where it is.
  std::shared_ptr<const bool> watch() { return anchor_.watch(); }

 private:
  static constexpr Shape output_shape() { return graph<Net, Input>.value[graph<Net, Input>.output].shape; }
  template <class T>
  static std::span<T> part(std::span<T> all, const TensorPlace& t) {
    return all.subspan(static_cast<std::size_t>(t.offset), static_cast<std::size_t>(t.spec.size()));
  }
  // A tensor's numbers; those in the network's own memory, where they would be written over, as a copy.
  template <class X>
  auto taken(const X& t, const char* what) const {
    auto numbers = dense(t, what);
    if (engine_.owns(numbers.data(), numbers.size() * sizeof(*numbers.data()))) numbers.keep();
    return numbers;
  }
  template <class G>
  void check_gradient(const G& grad) {
    engine_.expect_forward();
    if (batch_of(grad, output_shape(), "backward: the gradient") != engine_.batch())
      fail("backward: the gradient is of ", static_cast<i64>(grad.size()) / output_shape().size(),
           " images, the last forward was of ", engine_.batch());
  }

  mutable Engine<B> engine_;  // predict computes in its memory
  Anchor anchor_;
};

// A second argument that is no input, a backend that does not train: one error, and a network to go on with.
template <class NetType, class InputType_, class B>
  requires(
      !InputType<InputType_> || requires { B::bf16; } || !requires { typename B::scalar; })
class Network<NetType, InputType_, B> : public Network<Sequential<>, Features<1>> {
  static constexpr auto check() {
    if constexpr (!InputType<InputType_>)
      return Checked<NetType, InputType_>::size;
    else if constexpr (requires { B::bf16; })
      return CheckedArgument<B, words::is_for_deployed_networks_only>::size;
    else
      return CheckedArgument<B, words::is_no_backend>::size;
  }
  enum : unsigned { checked = static_cast<unsigned>(check()) };

 public:
  using Network<Sequential<>, Features<1>>::Network;
};

}  // namespace ctnet
