// SPDX-License-Identifier: MIT
// Batch normalization as phases of a persistent kernel: in training a block has a channel and goes through its values
// three times (mean, squares, result; backward twice), which come from L1 or L2 after the first; a cut into more blocks
// would cost a barrier more, about what a block needs for 8000 values. Sums are of double.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda_channel.cuh"

namespace ctnet {

namespace cuda {

template <class T>
struct NormPhase {
  NormForward<T> a;

  __device__ void operator()(const Crew& crew) const {
    const int all = a.batch * a.op.plane;
    const double m = all;
    for (int c = crew.block; c < a.op.c; c += crew.blocks) {
      const Normalize<T> f =
          a.frozen ? evaluated(a, c, crew.thread == 0) : trained(a, c, moments(c, crew, all, m), m, crew.thread == 0);
      each(c, crew, all, [&](i64 at) {
        const T v = f(a.in[at]) + (a.epilogue.add ? a.epilogue.add[at] : T(0));
        a.out[at] = activate(a.epilogue.act, v, a.epilogue.slope);
      });
    }
  }

 private:
  __device__ Moments moments(int c, const Crew& crew, int all, double m) const {
    double sum = 0, squares = 0;
    const T shift = a.in[c * a.op.plane];
    each(c, crew, all, [&](i64 at) { sum += static_cast<double>(a.in[at] - shift); });
    const double mean = static_cast<double>(shift) + block_sum(sum) / m;
    each(c, crew, all, [&](i64 at) {
      const double d = static_cast<double>(a.in[at]) - mean;
      squares += d * d;
    });
    return {mean, block_sum(squares)};
  }
  template <class F>
  __device__ void each(int c, const Crew& crew, int all, const F& f) const {
    ChannelWalk<1> walk(a.op, c, crew.thread, crew_threads);
    for (int i = crew.thread; i < all; i += crew_threads, walk.next()) f(walk.at);
  }
};

template <class T>
struct NormBackwardPhase {
  NormBackward<T> a;

  __device__ void operator()(const Crew& crew) const {
    const int all = a.batch * a.op.plane;
    for (int c = crew.block; c < a.op.c; c += crew.blocks) {
      Gradient<T> f = undone(a, c);
      double sum_g = 0, sum_gx = 0;
      each(c, crew, all, [&](i64 at) {
        sum_g += static_cast<double>(a.grad[at]);
        sum_gx += static_cast<double>(a.grad[at]) * static_cast<double>(f.normalized(a.in[at]));
      });
      sum_g = block_sum(sum_g);
      sum_gx = block_sum(sum_gx);
      differentiate(a, c, sum_g, sum_gx, static_cast<double>(all), crew.thread == 0, f);
      if (a.grad_in) each(c, crew, all, [&](i64 at) { a.grad_in[at] = a.mask(f(a.in[at], a.grad[at]), at); });
    }
  }

 private:
  template <class F>
  __device__ void each(int c, const Crew& crew, int all, const F& f) const {
    ChannelWalk<1> walk(a.op, c, crew.thread, crew_threads);
    for (int i = crew.thread; i < all; i += crew_threads, walk.next()) f(walk.at);
  }
};

template <class T>
struct NormEvaluatedEach {
  NormForward<T> a;
  FastDivide plane, channels;
  __device__ void operator()(i64 i) const {
    const int row = plane(static_cast<int>(i));
    const Normalize<T> f = evaluated(a, channels.rest(row, channels(row)), false);
    const T v = f(a.in[i]) + (a.epilogue.add ? a.epilogue.add[i] : T(0));
    a.out[i] = activate(a.epilogue.act, v, a.epilogue.slope);
  }
};

}  // namespace cuda

template <class B>
struct Kernel<BatchNormOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::NormEvaluatedEach<T>>>;
  using training_phases = cuda::PhaseTypes<cuda::NormPhase<T>, cuda::NormBackwardPhase<T>>;

  static void forward(const BatchNormOp& o, const cuda::Forward<T>& a) {
    const i64 n = i64{a.batch} * o.c * o.plane;
    if (!a.queue.list->countable(a.queue, n)) return;
    if (a.training && !a.frozen && i64{a.batch} * o.plane < 2)
      return a.queue.list->refuse(a.queue, "1 value per channel");
    const cuda::NormForward<T> f{
        o, a.batch, a.in[0], a.parameters, a.out, a.statistics, a.saved, a.epilogue, a.training && a.frozen};
    cuda::Touches t;
    t.read(a.in[0], n).read(a.parameters, 2 * o.c).write(a.out, n).along(a.epilogue, n, o.c);
    if (a.training)
      a.queue.list->add(a.queue, "batch norm", i64{o.c} * cuda::crew_warps, cuda::NormPhase<T>{f},
                        t.write(a.statistics, 2 * o.c).write(a.saved, 2 * o.c));
    else
      a.queue.list->each(a.queue, "batch norm", n,
                         cuda::NormEvaluatedEach<T>{f, cuda::FastDivide(o.plane), cuda::FastDivide(o.c)},
                         t.read(a.statistics, 2 * o.c));
  }
  static void backward(const BatchNormOp& o, const cuda::Backward<T>& a) {
    const i64 n = i64{a.batch} * o.c * o.plane;
    if (!a.queue.list->countable(a.queue, n)) return;
    cuda::Touches t;
    t.read(a.in[0], n).read(a.grad_out, n).read(a.parameters, 2 * o.c).read(a.saved, 2 * o.c);
    t.write(a.grad_in[0], n).write(a.grad_parameters, 2 * o.c).along(a.mask[0], n);
    a.queue.list->add(a.queue, "batch norm backward", i64{o.c} * cuda::crew_warps,
                      cuda::NormBackwardPhase<T>{{o, a.batch, a.in[0], a.grad_out, a.parameters, a.saved, a.grad_in[0],
                                                  a.grad_parameters, a.accumulate, a.mask[0], a.frozen}},
                      t);
  }
};

}  // namespace ctnet
