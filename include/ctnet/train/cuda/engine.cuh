// SPDX-License-Identifier: MIT
// The engine of networks on the GPU. Parameters, gradients, running statistics and activations are one buffer of device
// memory each; what the host asks for is copied, and what it wrote goes back before the next work. Nothing is allocated
// for batches no larger than the largest so far.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "../../backends/cuda/mirror.cuh"
#include "../engine.hpp"
#include "predictor.cuh"

namespace ctnet {

template <class... P>
class Engine<Cuda<P...>> {
  using B = Cuda<P...>;
  static_assert(
      requires { sizeof(cuda::Persistence<B>); },
      "the policy Persistent needs #include <ctnet/persistent.hpp> before the first network");
  using OneKernel = cuda::Persistence<B>;

 public:
  using T = typename B::scalar;

  // Throws Error where there is no GPU, or too little memory on it.
  template <class Net, class Input>
  static Engine of() {
    if constexpr (B::persistent)
      return Engine(cuda::passes<Net, Input, B>(), detail::steps<Net, Input, B>.step,
                    OneKernel::template network<Net, Input>());
    else
      return Engine(cuda::passes<Net, Input, B>(), detail::steps<Net, Input, B>.step);
  }
  Engine(const cuda::Passes& passes, const Step<B>* steps, const typename OneKernel::Network& network = {})
      : s_(std::make_unique<State>(passes, steps, network)) {}

  // Training mode: keeps what backward needs. images: of the host; the result is too, and lives until the next call.
  template <class X>
  const T* forward(const X* images, std::size_t batch) {
    State& s = state("forward");
    begin_step(batch);
    T* input = device_input(batch);
    upload(images, input, batch * elements(0));
    queue_forward(queue(), input, nullptr);
    s.trained = true;
    return download(training_output(), s.output, batch * elements(program().output));
  }
  template <class X>
  const T* predict(const X* images, std::size_t batch) {
    State& s = state("predict");
    s.trained = false;
    s.batch = batch;
    flush();
    s.stream.synchronize("the work before");
    T* staged = s.predictor.host_input(batch);
    for (std::size_t i = 0; i < batch * elements(0); ++i) staged[i] = static_cast<T>(images[i]);
    const T* out = s.predictor.run_from_host(batch, {s.parameters.data(), s.statistics.data(), s.scratch.data()},
                                             queue(), s.times);
    s.stream.synchronize("results");
    return out;
  }
  void expect_forward() const {
    if (!s_ || !s_->trained)
      fail("backward: there is no forward before it (predict and an earlier backward keep nothing for it)");
  }
  template <class G>
  const T* backward(const G* grad, bool input_gradient) {
    State& s = *s_;
    expect_forward();
    s.trained = false;
    flush();
    if (input_gradient) s.input_gradient.grow(s.batch * elements(0), "the input's gradient");
    if (program().output > 0)
      upload(grad, output_gradient(), s.batch * elements(program().output));
    else if (input_gradient)
      upload(grad, s.input_gradient.data(), s.batch * elements(0));
    queue_backward(queue(), s.input.data(), input_gradient ? s.input_gradient.data() : nullptr, nullptr);
    if (!input_gradient) return nullptr;
    return download(s.input_gradient.data(), s.input_gradient_out, s.batch * elements(0));
  }
  void zero_grad() {
    state("zero_grad").cleared = true;
    s_->gradient_mirror.drop();
  }

  // Copies for the host, good until the next call that computes; what is written there is what counts from then on.
  std::span<T> parameters() {
    State& s = state("parameters");
    return s.parameter_mirror.read_write(queue(), s.parameters.data(), count(program().parameters));
  }
  std::span<T> gradients() {
    State& s = state("gradients");
    settle_gradients();
    return s.gradient_mirror.read_write(queue(), s.gradients.data(), count(program().parameters));
  }
  std::span<T> statistics() {
    State& s = state("statistics");
    return s.statistic_mirror.read_write(queue(), s.statistics.data(), count(program().statistics));
  }

  std::span<const T> parameters() const {
    State& s = state("parameters");
    return s.parameter_mirror.read(queue(), s.parameters.data(), count(program().parameters));
  }
  std::span<const T> statistics() const {
    State& s = state("statistics");
    return s.statistic_mirror.read(queue(), s.statistics.data(), count(program().statistics));
  }
  // Whether any of these bytes of the host lie in memory that a call may write to or give back.
  bool owns(const void* at, std::size_t bytes) const {
    return s_ && (overlap(at, bytes, s_->output, s_->input_gradient_out) || s_->predictor.owns(at, bytes) ||
                  overlap(at, bytes, s_->parameter_mirror, s_->gradient_mirror, s_->statistic_mirror));
  }

  const Program& program() const { return s_->passes->training.program; }
  std::size_t batch() const { return s_->batch; }
  const cuda::Predictor<B>& predictor() const { return s_->predictor; }

  // What dropout draws from.
  std::uint64_t seed() const { return s_->seed; }
  std::uint64_t step() const { return s_->step; }
  void random_state(std::uint64_t seed, std::uint64_t step) { s_->seed = seed, s_->step = step; }

  // Layers whose parameters and statistics rest. Work that was captured before is void: frozen_changes() counts.
  void freeze(int layer, bool rests) {
    State& s = state("freeze");
    s.frozen.resize(count(program().ops));
    s.frozen[count(layer)] = rests;
    ++s.frozen_changes;
  }
  bool frozen(int layer) const { return s_ && !s_->frozen.empty() && s_->frozen[count(layer)]; }
  i64 frozen_changes() const { return s_->frozen_changes; }

  // From now on operations are timed into `times`, each on its own, and predict runs without its graph; null ends it.
  void profile_into(OpTime* times) { s_->times = times; }

  void initialize(Seed seed) {
    State& s = state("initialize");
    s.seed = seed.value;
    s.step = 0;
    initial_values(program(), seed, parameters().data(), statistics().data());
    flush();
  }

  // For those who queue whole steps: optimizers, the trainer.
  cuda::Queue queue() const { return {s_->stream.get()}; }
  T* device_parameters() { return s_->parameters.data(); }
  T* device_gradients() { return s_->gradients.data(); }
  // Gradients that were cleared and not written since become the zeros that they read as.
  void settle_gradients() {
    State& s = *s_;
    if (s.cleared && !s.gradient_mirror.dirty())
      CTNET_CUDA(cudaMemsetAsync(s.gradients.data(), 0, s.gradients.size() * sizeof(T), s.stream.get()), "gradients");
    s.cleared = false;
  }
  // Before work that reads or writes the device's buffers: what the host wrote goes there.
  void flush() {
    State& s = *s_;
    s.parameter_mirror.flush(queue(), s.parameters.data());
    s.gradient_mirror.flush(queue(), s.gradients.data());
    s.statistic_mirror.flush(queue(), s.statistics.data());
  }
  // Counts a step and makes room for its batch. True where addresses changed, so that captured work is void.
  bool begin_step(std::size_t batch) {
    State& s = state("forward");
    flush();
    s.trained = false;
    s.batch = batch;
    ++s.step;
    return s.arena.grow(batch * static_cast<std::size_t>(program().training.size), "activations of training");
  }
  // Where forward takes its images from unless told otherwise.
  T* device_input(std::size_t batch) {
    s_->input.grow(batch * elements(0), "input images");
    return s_->input.data();
  }
  // Queue one pass over the batch of begin_step; draw_step: where the device finds the step's number, or null.
  template <class Queue>
  void queue_forward(const Queue& q, const T* input, const std::uint64_t* draw_step) {
    s_->forward_input = input;
    walk(q, draw_step).forward(input, true);
  }
  template <class Queue>
  void queue_backward(const Queue& q, const T* input, T* grad_input, const std::uint64_t* draw_step) {
    walk(q, draw_step).backward(input, grad_input, !s_->cleared);
    s_->cleared = false;
  }
  const T* training_output() const {
    return cuda::Walk<B>::output(s_->passes->training, memory(), s_->forward_input, true);
  }
  T* output_gradient() const { return memory().value(program().training.gradient, program().output); }

 private:
  struct State {
    State(const cuda::Passes& p, const Step<B>* kernels, const typename OneKernel::Network& one)
        : passes(&p), steps(kernels), network(one), predictor(p.inference, kernels, one) {
      const auto room = [](i64 n) { return static_cast<std::size_t>(n > 0 ? n : 1); };
      parameters.grow(room(p.training.program.parameters), "parameters");
      gradients.grow(room(p.training.program.parameters), "gradients");
      statistics.grow(room(p.training.program.statistics), "running statistics");
      saved.grow(room(p.training.program.saved), "notes for backward");
      scratch.grow(std::max(cuda::scratch_of<B>(p.training.program, kernels), std::size_t{1}), "scratch");
    }
    const cuda::Passes* passes;
    const Step<B>* steps;
    [[no_unique_address]] typename OneKernel::Network network;
    cuda::Stream stream;
    cuda::DeviceBuffer<T> parameters, gradients, statistics, saved, scratch, arena, input, input_gradient;
    cuda::PinnedBuffer<T> upload, output, input_gradient_out;
    cuda::Mirror<T> parameter_mirror, gradient_mirror, statistic_mirror;
    cuda::Predictor<B> predictor;
    const T* forward_input = nullptr;
    std::size_t batch = 0;
    std::uint64_t seed = 0, step = 0;
    bool trained = false, cleared = true;
    std::vector<unsigned char> frozen;  // by layer; empty: none is
    i64 frozen_changes = 0;
    OpTime* times = nullptr;
  };

  State& state(const char* what) const {
    if (!s_) fail(what, ": this network was moved from");
    return *s_;
  }
  std::size_t elements(int v) const { return static_cast<std::size_t>(program().elements(v)); }
  NetworkMemory<T> memory() const {
    State& s = *s_;
    return {s.arena.data(), s.batch,          s.parameters.data(),    s.gradients.data(), s.statistics.data(),
            s.saved.data(), s.scratch.data(), {s.seed, s.step, 0, 0}, s.frozen.data()};
  }
  cuda::Walk<B> walk(const cuda::Queue& q, const std::uint64_t* draw_step) {
    return {s_->passes->training, s_->steps, memory(), q, draw_step, s_->times};
  }
  auto walk(const cuda::PhaseQueue& q, const std::uint64_t* draw_step) {
    return OneKernel::walk(s_->network, q, s_->passes->training, memory(), draw_step);
  }
  static std::size_t count(i64 n) { return static_cast<std::size_t>(n); }
  // Images and gradients go through pinned memory, which the call before has done with: it waited for its result.
  template <class X>
  void upload(const X* from, T* to, std::size_t n) {
    State& s = *s_;
    CTNET_CUDA(cudaStreamSynchronize(s.stream.get()), "the step before");
    s.upload.grow(n, "staging images");
    for (std::size_t i = 0; i < n; ++i) s.upload[i] = static_cast<T>(from[i]);
    cuda::to_device(queue(), to, s.upload.data(), n, "images");
  }
  const T* download(const T* from, cuda::PinnedBuffer<T>& to, std::size_t n) {
    to.grow(n, "results");
    cuda::to_host(queue(), to.data(), from, n, "results");
    s_->stream.synchronize("results");
    return to.data();
  }

  std::unique_ptr<State> s_;
};

}  // namespace ctnet
