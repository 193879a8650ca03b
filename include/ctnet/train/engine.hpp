// SPDX-License-Identifier: MIT
// Runs a network's flat list of operations on a backend: forward, backward, predict over planned memory. It knows the
// network as data and a table of kernels, never as a type, so that all networks on one backend share its code.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../backends/kernel.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../program/containers.hpp"
#include "../program/plan.hpp"
#include "steps.hpp"

namespace ctnet {

// A network as data: its graph and its two memory plans.
struct Program {
  const OpNode* op = nullptr;
  const Value* value = nullptr;
  const TensorPlace* tensor = nullptr;
  int ops = 0, values = 0, tensors = 0, output = 0;
  i64 parameters = 0, statistics = 0, saved = 0;
  struct {
    const i64* offset = nullptr;
    i64 size = 0;
  } inference;
  struct {
    const i64 *value = nullptr, *gradient = nullptr, *temporary = nullptr;
    const unsigned* adds = nullptr;
    i64 size = 0;
  } training;
};

// Seconds that one operation took, summed over the calls since profiling began.
struct OpTime {
  double forward = 0, backward = 0;
};

template <class B>
class Engine {
 public:
  using T = typename B::scalar;

  Engine(const Program& program, const Step<T>* steps)
      : program_(program),
        steps_(steps),
        parameters_(static_cast<std::size_t>(program.parameters)),
        gradients_(static_cast<std::size_t>(program.parameters)),
        statistics_(static_cast<std::size_t>(program.statistics)),
        saved_(static_cast<std::size_t>(program.saved)) {
    i64 scratch = 0;
    for (int i = 0; i < program.ops; ++i)
      if (steps[i].scratch) scratch = std::max(scratch, steps[i].scratch(program.op[i].op));
    scratch_.grow(static_cast<std::size_t>(scratch));
  }
  // What was moved from has no memory: it may be assigned to or destroyed, calls throw Error.
  Engine(Engine&& e) noexcept { swap(e); }
  Engine& operator=(Engine&& e) noexcept {
    Engine taken{std::move(e)};
    swap(taken);
    return *this;
  }

  // Training mode: keeps what backward needs. x: batch images, read before this returns; the result lives in the arena.
  template <class X>
  const T* forward(const X* images, std::size_t batch) {
    const Program& p = program_;
    expect_memory("forward");
    trained_ = false;
    arena_.grow(batch * static_cast<std::size_t>(p.training.size));
    batch_ = batch;
    ++step_;
    copy(images, value(p.training.value, 0), batch * elements(0));
    for (int i = 0; i < p.ops; ++i) {
      if (!steps_[i].forward) continue;
      Forward<T> a = forward_args(i, p.training.value, nullptr);
      a.training = true;
      timed(i, &OpTime::forward, [&] { steps_[i].forward(p.op[i].op, a); });
    }
    trained_ = true;
    return value(p.training.value, p.output);
  }

  // Evaluation mode: running statistics, no dropout, nothing kept.
  template <class X>
  const T* predict(const X* images, std::size_t batch) {
    const Program& p = program_;
    expect_memory("predict");
    trained_ = false;
    arena_.grow(batch * static_cast<std::size_t>(p.inference.size));
    batch_ = batch;
    const T* input = nullptr;
    if constexpr (std::is_same_v<X, T>) input = images;  // read where it lies
    if (!input || p.output == 0 || only_aliases(p.output)) {
      copy(images, value(p.inference.offset, 0), batch * elements(0));
      input = nullptr;
    }
    for (int i = 0; i < p.ops; ++i) {
      if (!steps_[i].forward) continue;
      const Forward<T> a = forward_args(i, p.inference.offset, input);
      timed(i, &OpTime::forward, [&] { steps_[i].forward(p.op[i].op, a); });
    }
    return value(p.inference.offset, p.output);
  }

  // Throws Error where there is nothing to go back over: it takes one forward for each backward, whose memory it
  // reuses.
  void expect_forward() const {
    if (!trained_)
      fail("backward: there is no forward before it (predict and an earlier backward keep nothing for it)");
  }
  // After forward: adds to the gradients (overwrites them after zero_grad). grad: d loss / d output, as large as the
  // output. With input_gradient: gives d loss / d input, which lives until the next call; else null.
  template <class G>
  const T* backward(const G* grad, bool input_gradient) {
    const Program& p = program_;
    expect_forward();
    trained_ = false;
    if (input_gradient) input_gradient_.grow(batch_ * elements(0));
    T* const grad_input = input_gradient ? input_gradient_.data() : nullptr;
    auto gradient = [&](int v) { return v == 0 ? grad_input : value(p.training.gradient, v); };
    if (p.output == 0) {
      if (grad_input) copy(grad, grad_input, batch_ * elements(0));
    } else {
      copy(grad, gradient(p.output), batch_ * elements(p.output));
    }
    for (int i = p.ops - 1; i >= 0; --i) {
      const OpNode& o = p.op[i];
      Backward<T> a;
      a.batch = static_cast<int>(batch_);
      a.grad_out = gradient(o.out);
      a.out = value(p.training.value, o.out);
      T* spare = arena_.data() + batch_ * static_cast<std::size_t>(p.training.temporary[i]);
      for (int j = 0; j < o.inputs; ++j) {
        a.in[j] = value(p.training.value, o.in[j]);
        a.grad_in[j] = gradient(o.in[j]);
        if (p.training.adds[i] >> j & 1u && a.grad_in[j]) {
          a.grad_in[j] = spare;
          spare += batch_ * static_cast<std::size_t>(detail::padded(p.value[o.in[j]].shape.size()));
        }
      }
      if (steps_[i].backward) {
        a.parameters = parameters_.data() + o.parameters;
        a.grad_parameters = gradients_.data() + o.parameters;
        a.accumulate = !cleared_;
        a.saved = saved_.data() + o.saved;
        a.scratch = scratch_.data();
        a.draw = {seed_, step_, i};
        timed(i, &OpTime::backward, [&] { steps_[i].backward(o.op, a); });
      } else if (a.grad_in[0] && a.grad_in[0] != a.grad_out) {
        copy(a.grad_out, a.grad_in[0], batch_ * elements(o.out));
      }
      for (int j = 0; j < o.inputs; ++j)
        if (p.training.adds[i] >> j & 1u && a.grad_in[j])
          add(gradient(o.in[j]), a.grad_in[j], batch_ * elements(o.in[j]));
    }
    cleared_ = false;
    return grad_input;
  }

  // The next backward overwrites the gradients. They read as zeros until then.
  void zero_grad() { cleared_ = true; }

  std::span<T> parameters() {
    expect_memory("parameters");
    return {parameters_.data(), static_cast<std::size_t>(program_.parameters)};
  }
  std::span<T> gradients() {
    expect_memory("gradients");
    if (cleared_) std::fill_n(gradients_.data(), gradients_.size(), T(0));
    cleared_ = false;  // the caller may write what the next backward has to add to
    return {gradients_.data(), static_cast<std::size_t>(program_.parameters)};
  }
  std::span<T> statistics() {
    expect_memory("statistics");
    return {statistics_.data(), static_cast<std::size_t>(program_.statistics)};
  }
  const Program& program() const { return program_; }
  std::size_t batch() const { return batch_; }

  // What dropout draws from.
  std::uint64_t seed() const { return seed_; }
  std::uint64_t step() const { return step_; }
  void random_state(std::uint64_t seed, std::uint64_t step) { seed_ = seed, step_ = step; }

  // From now on operations are timed into `times` (one per operation); null ends it.
  void profile_into(OpTime* times) { times_ = times; }

  // PyTorch's initial values, from the seed.
  void initialize(Seed seed) {
    seed_ = seed.value;
    step_ = 0;
    for (int t = 0; t < program_.tensors; ++t) {
      const TensorPlace& place = program_.tensor[t];
      T* at = (place.spec.parameter() ? parameters_.data() : statistics_.data()) + place.offset;
      Random random{seed, 0x1001, static_cast<std::uint64_t>(t)};
      const double bound = place.spec.fan_in > 0 ? 1 / std::sqrt(static_cast<double>(place.spec.fan_in)) : 0;
      for (i64 i = 0; i < place.spec.size(); ++i)
        at[i] = place.spec.init == Init::zeros  ? T(0)
                : place.spec.init == Init::ones ? T(1)
                                                : static_cast<T>(random.uniform(-bound, bound));
    }
  }

 private:
  void expect_memory(const char* what) const {
    if (!program_.value) fail(what, ": this network was moved from");
  }
  void swap(Engine& e) noexcept {
    std::swap(program_, e.program_);
    std::swap(steps_, e.steps_);
    std::swap(parameters_, e.parameters_);
    std::swap(gradients_, e.gradients_);
    std::swap(statistics_, e.statistics_);
    std::swap(saved_, e.saved_);
    std::swap(scratch_, e.scratch_);
    std::swap(arena_, e.arena_);
    std::swap(input_gradient_, e.input_gradient_);
    std::swap(batch_, e.batch_);
    std::swap(seed_, e.seed_);
    std::swap(step_, e.step_);
    std::swap(trained_, e.trained_);
    std::swap(cleared_, e.cleared_);
    std::swap(times_, e.times_);
  }
  std::size_t elements(int v) const { return static_cast<std::size_t>(program_.value[v].shape.size()); }
  T* value(const i64* offset, int v) { return arena_.data() + batch_ * static_cast<std::size_t>(offset[v]); }
  bool only_aliases(int v) const {
    while (v > 0 && program_.op[v - 1].traits.alias) v = program_.op[v - 1].in[0];
    return v == 0;
  }
  template <class X>
  static void copy(const X* from, T* to, std::size_t n) {
    if constexpr (std::is_same_v<X, T>)
      std::memcpy(to, from, n * sizeof(T));
    else
      for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
  }
  void add(T* to, const T* from, std::size_t n) {
    Forward<T> a;
    a.batch = 1;
    a.in[0] = to;
    a.in[1] = from;
    a.out = to;
    Kernel<AddOp, B>::forward(AddOp{2, static_cast<int>(n)}, a);
  }
  Forward<T> forward_args(int i, const i64* offset, const T* input) {
    const OpNode& o = program_.op[i];
    Forward<T> a;
    a.batch = static_cast<int>(batch_);
    for (int j = 0; j < o.inputs; ++j) a.in[j] = input && only_aliases(o.in[j]) ? input : value(offset, o.in[j]);
    a.out = value(offset, o.out);
    a.parameters = parameters_.data() + o.parameters;
    a.statistics = statistics_.data() + o.statistics;
    a.saved = saved_.data() + o.saved;
    a.scratch = scratch_.data();
    a.draw = {seed_, step_, i};
    return a;
  }
  template <class F>
  void timed(int i, double OpTime::*which, F f) {
    if (!times_) return f();
    const auto start = std::chrono::steady_clock::now();
    f();
    times_[i].*which += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Program program_{};
  const Step<T>* steps_ = nullptr;
  typename B::template buffer<T> parameters_, gradients_, statistics_, saved_, scratch_, arena_, input_gradient_;
  std::size_t batch_ = 0;
  std::uint64_t seed_ = 0, step_ = 0;
  bool trained_ = false, cleared_ = true;
  OpTime* times_ = nullptr;
};

}  // namespace ctnet
