// SPDX-License-Identifier: MIT
// The walk over a rewritten list: queues every operation's kernels, forward or backward, with what each has taken
// along. It only queues, so that it can be captured.
#pragma once

#include <chrono>

#include "../../backends/cuda/stream.cuh"
#include "../../layers/activation/cuda.cuh"
#include "../../layers/join/cuda.cuh"
#include "program.cuh"

namespace ctnet::cuda {

template <class T>
T slope_of(const Fused& f) {
  return static_cast<T>(f.slope_numerator) / static_cast<T>(f.slope_denominator);
}

template <class B>
class Walk {
  using T = typename B::scalar;

 public:
  // Where the last value of a forward lies.
  static const T* output(const Pass& pass, const NetworkMemory<T>& memory, const T* input, bool training) {
    const Program& p = pass.program;
    if (input && p.only_aliases(p.output)) return input;
    return memory.value(training ? p.training.value : p.inference.offset, p.output);
  }

  Walk(const Pass& pass, const Step<B>* steps, const NetworkMemory<T>& memory, const Queue& queue,
       const std::uint64_t* draw_step = nullptr, OpTime* times = nullptr)
      : p_(pass.program),
        fused_(pass.fused),
        steps_(steps),
        memory_(memory),
        queue_(queue),
        draw_step_(draw_step),
        times_(times) {}

  // input: where value 0 lies, or null where it is in the arena.
  void forward(const T* input, bool training) {
    const i64* offset = training ? p_.training.value : p_.inference.offset;
    for (int i = 0; i < p_.ops; ++i) {
      const Fused& f = fused_[i];
      if (f.gone || f.pooled || !steps_[i].forward || p_.op[i].traits.alias) continue;
      Forward<T> a;
      a.training = training;
      fill_arguments(a, p_, i, memory_, offset, input);
      a.queue = queue_;
      a.queue.phase = training ? "forward" : "predict";
      a.queue.leaf = i;
      a.draw_step = draw_step_;
      take_along(a, i, offset, training);
      timed(i, &OpTime::forward, [&] { steps_[i].forward(p_.op[i].op, a); });
    }
  }

  // From the gradient of the last value, in the arena. grad_input: where that of value 0 goes, or null.
  void backward(const T* input, T* grad_input, bool accumulate) {
    for (int i = p_.ops - 1; i >= 0; --i) {
      const Fused& f = fused_[i];
      const OpNode& o = p_.op[i];
      if (f.gone) continue;
      Backward<T> a;
      a.accumulate = accumulate;
      fill_arguments(a, p_, i, memory_, grad_input);
      a.queue = queue_;
      a.queue.phase = "backward";
      a.queue.leaf = i;
      a.draw_step = draw_step_;
      for (int j = 0; j < o.inputs; ++j) {
        if (input && p_.only_aliases(o.in[j])) a.in[j] = input;
        if (f.mask[j] < 0) continue;
        const Fused& maker = fused_[f.mask[j]];
        a.mask[j] = {maker.act, slope_of<T>(maker), memory_.value(p_.training.value, p_.op[f.mask[j]].out)};
      }
      timed(i, &OpTime::backward, [&] {
        if (f.act != no_act && !f.masked) undo_activation(a, f, o.out);
        if (steps_[i].backward)
          steps_[i].backward(o.op, a);
        else if (a.grad_in[0] && a.grad_in[0] != a.grad_out)
          add(a, {a.grad_out}, 1, a.grad_in[0], o.out);
      });
      add_gradients(a, i, grad_input);
    }
  }

 private:
  void take_along(Forward<T>& a, int i, const i64* offset, bool training) {
    const Fused& f = fused_[i];
    Epilogue<T>& e = a.epilogue;
    e.act = f.act;
    e.slope = slope_of<T>(f);
    if (f.add >= 0) e.add = a.in[p_.op[i].inputs - 1];
    if (f.norm >= 0) {
      const OpNode& norm = p_.op[f.norm];
      const auto op = unpack_op<BatchNormOp>(norm.op);
      e.weight = memory_.parameters + norm.parameters;
      e.bias = e.weight + op.c;
      e.mean = memory_.statistics + norm.statistics;
      e.var = e.mean + op.c;
      e.eps = static_cast<T>(op.eps_numerator) / static_cast<T>(op.eps_denominator);
    }
    if (f.pool < 0) return;
    if (training) {
      e.pooled = memory_.value(offset, p_.op[f.pool].out);
    } else {
      e.pooled = a.out;
      a.out = nullptr;
    }
  }
  // What an operation gave for an input that others read too.
  void add_gradients(const Backward<T>& b, int i, T* grad_input) {
    const OpNode& o = p_.op[i];
    for (int j = 0; j < o.inputs; ++j) {
      if (!(p_.training.adds[i] >> j & 1u) || !b.grad_in[j]) continue;
      T* sum = o.in[j] > 0 ? memory_.value(p_.training.gradient, o.in[j]) : grad_input;
      add(b, {sum, b.grad_in[j]}, 2, sum, o.in[j]);
    }
  }
  // to = the sum of `inputs` gradients of value v.
  void add(const Backward<T>& b, const T* const (&in)[2], int inputs, T* to, int v) {
    Forward<T> a;
    a.batch = b.batch;
    a.queue = b.queue;
    for (int j = 0; j < inputs; ++j) a.in[j] = in[j];
    a.out = to;
    Kernel<AddOp, B>::forward(AddOp{inputs, static_cast<int>(p_.elements(v))}, a);
  }
  // The gradient of value v, which an activation made that was taken along, becomes that of what went into it.
  void undo_activation(const Backward<T>& b, const Fused& f, int v) {
    Backward<T> a;
    a.batch = b.batch;
    a.queue = b.queue;
    a.out = b.out;
    a.grad_out = b.grad_out;
    a.grad_in[0] = const_cast<T*>(b.grad_out);
    Kernel<ActivationOp, B>::backward(
        ActivationOp{f.act, static_cast<int>(p_.elements(v)), f.slope_numerator, f.slope_denominator}, a);
  }
  template <class F>
  void timed(int i, double OpTime::*which, F f) {
    if (!times_) return f();
    CTNET_CUDA(cudaStreamSynchronize(queue_.stream), "timing an operation");
    const auto start = std::chrono::steady_clock::now();
    f();
    CTNET_CUDA(cudaStreamSynchronize(queue_.stream), "timing an operation");
    times_[i].*which += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  const Program& p_;
  const Fused* fused_;
  const Step<B>* steps_;
  NetworkMemory<T> memory_;
  Queue queue_;
  const std::uint64_t* draw_step_;
  OpTime* times_;
};

}  // namespace ctnet::cuda
