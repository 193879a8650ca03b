// SPDX-License-Identifier: MIT
// Runs a network's flat list of operations on a backend: forward, backward, predict over planned memory. It knows the
// network as data and a table of kernels, never as a type, so that all networks on one backend share its code.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../backends/cpu/math.hpp"
#include "../backends/cpu/threads.hpp"
#include "../backends/kernel.hpp"
#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../layers/dropout/op.hpp"
#include "../layers/norm.hpp"
#include "../program/containers.hpp"
#include "../program/plan.hpp"
#include "chunks.hpp"
#include "program.hpp"
#include "steps.hpp"

#define CTNET_TARGET_FILE "ctnet/train/hot.inl"
#include "../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class B>
class Engine {
 public:
  using T = typename B::scalar;

  Engine(const Program& program, const Step<B>* steps)
      : program_(program),
        steps_(steps),
        parameters_(static_cast<std::size_t>(program.parameters), "parameters"),
        gradients_(static_cast<std::size_t>(program.parameters), "gradients"),
        statistics_(static_cast<std::size_t>(program.statistics), "running statistics"),
        saved_(static_cast<std::size_t>(program.saved)) {
    for (int i = 0; i < program.ops; ++i) {
      if (steps[i].scratch) scratch_size_ = std::max(scratch_size_, detail::padded(steps[i].scratch(program.op[i].op)));
      macs_ += program.op[i].macs;
      if constexpr (threads)
        if (over_batch(i)) sums_size_ = std::max(sums_size_, Norm::sums_size(norm_op(i)));
    }
    scratch_.grow(static_cast<std::size_t>(scratch_size_), "scratch");
  }
  // What was moved from has no memory: it may be assigned to or destroyed, calls throw Error.
  Engine(Engine&& e) noexcept { swap(e); }
  Engine& operator=(Engine&& e) noexcept {
    Engine taken{std::move(e)};
    swap(taken);
    return *this;
  }

  // Training mode: keeps what backward needs. x: batch images, read before this returns; the result lives until the
  // next call.
  template <class X>
  const T* forward(const X* images, std::size_t batch) {
    const Program& p = program_;
    expect_memory("forward");
    [[maybe_unused]] const Denormals denormals;
    trained_ = false;
    cut(batch, training_chunks(batch), p.training.size);
    ++step_;
    // From one operation over the whole batch to the next, every chunk on its own.
    for (int done = -1; done < p.ops;) {
      const int next = next_over_batch(done + 1);
      each_chunk([&](const Chunk& c) {
        if (done < 0)
          copy(images + c.first * elements(0), value(c, p.training.value, 0), c.count * elements(0));
        else
          over_batch_values(c, done);
        for (int i = done + 1; i < next; ++i) run_forward(c, i, p.training.value, nullptr, true);
        if (next < p.ops)
          over_batch_sums(c, next);
        else
          keep_output(c, p.training.value);
      });
      if (next < p.ops) over_batch_finish(next);
      done = next;
    }
    trained_ = true;
    return result(p.training.value);
  }

  // Evaluation mode: running statistics, no dropout, nothing kept.
  template <class X>
  const T* predict(const X* images, std::size_t batch) {
    const Program& p = program_;
    expect_memory("predict");
    [[maybe_unused]] const Denormals denormals;
    trained_ = false;
    cut(batch, predict_chunks(batch), p.inference.size);
    const T* input = nullptr;
    if constexpr (std::is_same_v<X, T>) input = images;  // read where it lies
    const bool copied = !input || p.output == 0 || p.only_aliases(p.output);
    each_chunk([&](const Chunk& c) {
      const std::size_t first = c.first * elements(0);
      if (copied) copy(images + first, value(c, p.inference.offset, 0), c.count * elements(0));
      for (int i = 0; i < p.ops; ++i) run_forward(c, i, p.inference.offset, copied ? nullptr : input + first, false);
      keep_output(c, p.inference.offset);
    });
    return result(p.inference.offset);
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
    [[maybe_unused]] const Denormals denormals;
    trained_ = false;
    if (input_gradient) input_gradient_.grow(batch_ * elements(0), "the input's gradient");
    grad_input_ = input_gradient ? input_gradient_.data() : nullptr;
    chunk_gradients_.grow(static_cast<std::size_t>(chunks_ - 1) * gradient_stride(), "gradients");
    for (int done = p.ops; done >= 0;) {
      const int next = last_over_batch(done - 1);
      each_chunk([&](const Chunk& c) {
        if (done == p.ops) {
          if (T* to = gradient(c, p.output))
            copy(grad + c.first * elements(p.output), to, c.count * elements(p.output));
        } else {
          over_batch_gradients(c, done);
        }
        for (int i = done - 1; i > next; --i) run_backward(c, i);
        if (next >= 0) over_batch_gradient_sums(c, next);
      });
      if (next >= 0) over_batch_gradient_finish(next);
      done = next;
    }
    add_up_gradients();
    cleared_ = false;
    return grad_input_;
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
  std::span<const T> parameters() const {
    expect_memory("parameters");
    return {parameters_.data(), static_cast<std::size_t>(program_.parameters)};
  }
  std::span<const T> statistics() const {
    expect_memory("statistics");
    return {statistics_.data(), static_cast<std::size_t>(program_.statistics)};
  }
  // Whether any of these bytes lie in memory that a call may write to or give back.
  bool owns(const void* at, std::size_t bytes) const {
    return overlap(at, bytes, arena_, input_gradient_, output_, gradients_, chunk_gradients_, parameters_, statistics_);
  }
  const Program& program() const { return program_; }
  std::size_t batch() const { return batch_; }
  // Into how many chunks a batch is cut (chunks.hpp).
  int training_chunks(std::size_t batch) const {
    if (!threads) return 1;
    return chunks_of(static_cast<i64>(batch),
                     {3 * macs_ + program_.training.size, program_.training.size, program_.parameters});
  }
  int predict_chunks(std::size_t batch) const {
    if (!threads) return 1;
    return chunks_of(static_cast<i64>(batch), {macs_ + program_.inference.size, program_.inference.size, 0});
  }

  // What dropout draws from.
  std::uint64_t seed() const { return seed_; }
  std::uint64_t step() const { return step_; }
  void random_state(std::uint64_t seed, std::uint64_t step) { seed_ = seed, step_ = step; }

  // Layers whose parameters and statistics rest.
  void freeze(int layer, bool rests) {
    expect_memory("freeze");
    frozen_.resize(static_cast<std::size_t>(program_.ops));
    frozen_[static_cast<std::size_t>(layer)] = rests;
  }
  bool frozen(int layer) const { return !frozen_.empty() && frozen_[static_cast<std::size_t>(layer)]; }

  // From now on operations are timed into `times` (one per operation); null ends it.
  void profile_into(OpTime* times) { times_ = times; }

  // PyTorch's initial values, from the seed.
  void initialize(Seed seed) {
    seed_ = seed.value;
    step_ = 0;
    initial_values(program_, seed, parameters_.data(), statistics_.data());
  }

 private:
  static constexpr bool threads = cpu::has_threads<B>();
  using Denormals = cpu::DenormalsOf<B>;
  using Norm = Kernel<BatchNormOp, B>;

  // Some images of the batch, and the memory that is theirs alone.
  struct Chunk {
    int index = 0;
    std::size_t first = 0, count = 0;  // images
    T *arena = nullptr, *scratch = nullptr, *gradients = nullptr;
    bool accumulate = false;
  };

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
    std::swap(output_, e.output_);
    std::swap(chunk_gradients_, e.chunk_gradients_);
    std::swap(sums_, e.sums_);
    std::swap(scratch_size_, e.scratch_size_);
    std::swap(sums_size_, e.sums_size_);
    std::swap(macs_, e.macs_);
    std::swap(batch_, e.batch_);
    std::swap(chunks_, e.chunks_);
    std::swap(grad_input_, e.grad_input_);
    std::swap(arena_image_, e.arena_image_);
    std::swap(seed_, e.seed_);
    std::swap(step_, e.step_);
    std::swap(trained_, e.trained_);
    std::swap(cleared_, e.cleared_);
    std::swap(times_, e.times_);
    std::swap(frozen_, e.frozen_);
  }
  std::size_t elements(int v) const { return static_cast<std::size_t>(program_.value[v].shape.size()); }
  template <class X>
  static void copy(const X* from, T* to, std::size_t n) {
    if constexpr (std::is_same_v<X, T>)
      std::memcpy(to, from, n * sizeof(T));
    else
      for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
  }

  // Memory for a batch in so many chunks, each with a piece of the arena for its images.
  void cut(std::size_t batch, int chunks, i64 arena_image) {
    batch_ = batch;
    chunks_ = chunks;
    arena_image_ = static_cast<std::size_t>(arena_image);
    arena_.grow(batch * arena_image_, "activations");
    if constexpr (!threads) return;
    if (chunks == 1) return;
    output_.grow(batch * elements(program_.output), "results");
    sums_.grow(static_cast<std::size_t>((chunks + 1) * sums_size_), "sums over a batch");
  }
  // f(chunk) for every chunk of the batch.
  template <class F>
  void each_chunk(const F& f) {
    if constexpr (threads) {
      if (chunks_ > 1) {
        const int workers = cpu::workers_for(true, chunks_);
        scratch_.grow(static_cast<std::size_t>(workers * scratch_size_), "scratch");
        return cpu::each_chunk(workers, chunks_, [&](int k, int worker) { f(chunk(k, worker)); });
      }
    }
    f(Chunk{0, 0, batch_, arena_.data(), scratch_.data(), gradients_.data(), !cleared_});
  }
  // The first chunk's gradients go to where the sum will be.
  Chunk chunk(int k, int worker) {
    const auto first = [&](int i) { return batch_ * static_cast<std::size_t>(i) / static_cast<std::size_t>(chunks_); };
    return {k,
            first(k),
            first(k + 1) - first(k),
            arena_.data() + first(k) * arena_image_,
            scratch_.data() + worker * scratch_size_,
            chunk_gradients(k),
            k == 0 && !cleared_};
  }
  std::size_t gradient_stride() const { return static_cast<std::size_t>(detail::padded(program_.parameters)); }
  T* chunk_gradients(int k) {  // null before the first backward
    if (k == 0 || chunk_gradients_.size() == 0) return k == 0 ? gradients_.data() : nullptr;
    return chunk_gradients_.data() + static_cast<std::size_t>(k - 1) * gradient_stride();
  }
  T* value(const Chunk& c, const i64* offset, int v) { return c.arena + c.count * static_cast<std::size_t>(offset[v]); }
  T* gradient(const Chunk& c, int v) {
    if (v > 0) return value(c, program_.training.gradient, v);
    return grad_input_ ? grad_input_ + c.first * elements(0) : nullptr;
  }
  // One chunk's output is the result; those of several are put side by side.
  void keep_output(const Chunk& c, const i64* offset) {
    const std::size_t n = elements(program_.output);
    if (chunks_ > 1) copy(value(c, offset, program_.output), output_.data() + c.first * n, c.count * n);
  }
  const T* result(const i64* offset) {
    if (chunks_ > 1) return output_.data();
    return arena_.data() + batch_ * static_cast<std::size_t>(offset[program_.output]);
  }

  Forward<T> forward_args(const Chunk& c, int i, const i64* offset, const T* input, bool training) {
    Forward<T> a;
    a.training = training;
    fill_arguments(a, program_, i, memory(c), offset, input);
    return a;
  }
  Backward<T> backward_args(const Chunk& c, int i) {
    Backward<T> a;
    a.accumulate = c.accumulate;
    fill_arguments(a, program_, i, memory(c), grad_input_ ? grad_input_ + c.first * elements(0) : nullptr);
    return a;
  }
  NetworkMemory<T> memory(const Chunk& c) {
    return {c.arena,
            c.count,
            parameters_.data(),
            c.gradients,
            statistics_.data(),
            saved_.data(),
            c.scratch,
            {seed_, step_, 0, static_cast<i64>(c.first)},
            frozen_.data()};
  }
  void run_forward(const Chunk& c, int i, const i64* offset, const T* input, bool training) {
    if (!steps_[i].forward) return;
    const Forward<T> a = forward_args(c, i, offset, input, training);
    timed(i, &OpTime::forward, [&] { steps_[i].forward(program_.op[i].op, a); });
  }
  void run_backward(const Chunk& c, int i) {
    const OpNode& o = program_.op[i];
    const Backward<T> a = backward_args(c, i);
    if (steps_[i].backward)
      timed(i, &OpTime::backward, [&] { steps_[i].backward(o.op, a); });
    else if (a.grad_in[0] && a.grad_in[0] != a.grad_out)
      copy(a.grad_out, a.grad_in[0], c.count * elements(o.out));
    add_input_gradients(c, i, a);
  }
  // What an operation gave for an input that others read too.
  void add_input_gradients(const Chunk& c, int i, const Backward<T>& a) {
    const OpNode& o = program_.op[i];
    for (int j = 0; j < o.inputs; ++j)
      if (program_.training.adds[i] >> j & 1u && a.grad_in[j])
        add(gradient(c, o.in[j]), a.grad_in[j], c.count * elements(o.in[j]));
  }

  // Operations over the whole batch (BatchNorm in training) end one stretch of operations with sums over each chunk
  // and begin the next one with its values. Unless the batch is one chunk, or the layer is frozen: then they run as any
  // other.
  bool over_batch(int i) const {
    return program_.op[i].traits.role == Role::per_channel_affine && program_.op[i].traits.saved > 0 && !frozen(i);
  }
  BatchNormOp norm_op(int i) const { return unpack_op<BatchNormOp>(program_.op[i].op); }
  // Operation i's sums over chunk k. Those over the whole batch are read while the next operation's are written.
  double* sums(int k, int i) { return sums_.data() + k * Norm::sums_size(norm_op(i)); }
  double* totals() { return sums_.data() + chunks_ * sums_size_; }
  Chunk whole() { return {0, 0, batch_, arena_.data(), nullptr, gradients_.data(), !cleared_}; }
  int next_over_batch(int i) const {
    while (i < program_.ops && !(threads && chunks_ > 1 && over_batch(i))) ++i;
    return i;
  }
  int last_over_batch(int i) const {
    while (i >= 0 && !(threads && chunks_ > 1 && over_batch(i))) --i;
    return i;
  }
  void over_batch_sums(const Chunk& c, int i) {
    if constexpr (threads)
      timed(i, &OpTime::forward, [&] {
        Norm::forward_sums(norm_op(i), forward_args(c, i, program_.training.value, nullptr, true), sums(c.index, i));
      });
  }
  void over_batch_finish(int i) {
    if constexpr (threads)
      Norm::forward_finish(norm_op(i), forward_args(whole(), i, program_.training.value, nullptr, true), sums(0, i),
                           chunks_);
  }
  void over_batch_values(const Chunk& c, int i) {
    if constexpr (threads)
      timed(i, &OpTime::forward,
            [&] { Norm::forward_values(norm_op(i), forward_args(c, i, program_.training.value, nullptr, true)); });
  }
  void over_batch_gradient_sums(const Chunk& c, int i) {
    if constexpr (threads)
      timed(i, &OpTime::backward, [&] { Norm::backward_sums(norm_op(i), backward_args(c, i), sums(c.index, i)); });
  }
  void over_batch_gradient_finish(int i) {
    if constexpr (threads) Norm::backward_finish(norm_op(i), backward_args(whole(), i), sums(0, i), chunks_, totals());
  }
  void over_batch_gradients(const Chunk& c, int i) {
    if constexpr (threads) {
      const Backward<T> a = backward_args(c, i);
      timed(i, &OpTime::backward, [&] { Norm::backward_values(norm_op(i), a, totals(), batch_); });
      add_input_gradients(c, i, a);
    }
  }

  // The gradients of all chunks into the first's.
  void add_up_gradients() {
    if constexpr (threads) {
      if (chunks_ == 1) return;
      const auto stride = static_cast<i64>(gradient_stride());
      cpu::each_piece(true, cpu::Pieces{program_.parameters, 4096}, [&](i64 from, i64 to) {
        CTNET_PICK(tree_sum<T>)(gradients_.data() + from, chunk_gradients_.data() + from, stride, chunks_, to - from);
      });
    }
  }
  // Of a whole batch, which may be more than an op's int counts.
  static void add(T* to, const T* from, std::size_t n) {
    constexpr std::size_t most = std::size_t{1} << 30;
    for (std::size_t at = 0; at < n; at += most) {
      Forward<T> a;
      a.batch = 1;
      a.in[0] = a.out = to + at;
      a.in[1] = from + at;
      Kernel<AddOp, B>::forward(AddOp{2, static_cast<int>(n - at < most ? n - at : most)}, a);
    }
  }
  static void add_atomically(double& sum, double v) {
#ifdef __cpp_lib_atomic_ref
    std::atomic_ref<double>(sum).fetch_add(v, std::memory_order_relaxed);
#else  // LLVM's library
    double old = 0, fresh = 0;
    __atomic_load(&sum, &old, __ATOMIC_RELAXED);
    do fresh = old + v;
    while (!__atomic_compare_exchange(&sum, &old, &fresh, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
#endif
  }
  template <class F>
  void timed(int i, double OpTime::*which, F f) {
    if (!times_) return f();
    const auto start = std::chrono::steady_clock::now();
    f();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    add_atomically(times_[i].*which, seconds);
  }

  Program program_{};
  const Step<B>* steps_ = nullptr;
  typename B::template buffer<T> parameters_, gradients_, statistics_, saved_, scratch_, arena_, input_gradient_;
  typename B::template buffer<T> output_, chunk_gradients_;  // of several chunks
  typename B::template buffer<double> sums_;
  i64 scratch_size_ = 0, sums_size_ = 0;  // of one worker; of one chunk
  i64 macs_ = 0;                          // of one image
  std::size_t batch_ = 0, arena_image_ = 0;
  int chunks_ = 1;
  T* grad_input_ = nullptr;
  std::uint64_t seed_ = 0, step_ = 0;
  bool trained_ = false, cleared_ = true;
  OpTime* times_ = nullptr;
  std::vector<unsigned char> frozen_;  // by layer; empty: none is
};

}  // namespace ctnet
