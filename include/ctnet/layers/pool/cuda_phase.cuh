// SPDX-License-Identifier: MIT
// Pools as phases of a persistent kernel: a thread makes an output or a pixel's gradient, for which it looks for the
// winners of all windows that the pixel lies in; lanes share the pixels of large means (GlobalAvgPool). Pixels come
// from L1 and L2, so it is threads at work that count, not that some pixels are read several times.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda_mean.cuh"

namespace ctnet {

namespace cuda {

// Place i of planes, as (plane, row, column).
struct PlaneCut {
  FastDivide columns, rows;
  PlaneCut() = default;
  PlaneCut(int h, int w) : columns(w), rows(h) {}
  struct At {
    int plane, y, x;
  };
  __device__ At operator()(i64 i) const {
    const int line = columns(static_cast<int>(i)), plane = rows(line);
    return {plane, rows.rest(line, plane), columns.rest(static_cast<int>(i), line)};
  }
};

// The pixel of window (p, q) of a plane that wins: the first of the largest, or the last NaN.
template <class T>
__device__ int winner_of(const MaxPoolOp& o, const T* in, int p, int q) {
  const int top = p * o.stride_h - o.pad_h, left = q * o.stride_w - o.pad_w;
  int best = -1;
  T most = 0;
  for (int r = 0; r < o.r; ++r)
    for (int s = 0; s < o.s; ++s) {
      const int at_y = top + r * o.dilation_h, at_x = left + s * o.dilation_w;
      if (at_y < 0 || at_y >= o.h || at_x < 0 || at_x >= o.w) continue;
      const T v = in[at_y * o.w + at_x];
      if (best < 0 || v > most || v != v) best = at_y * o.w + at_x, most = v;
    }
  return best;
}

template <class T>
struct MaxPoolEach {
  MaxPoolOp o;
  PlaneCut cut;
  const T* x;
  T* y;
  int act;
  T slope;
  __device__ void operator()(i64 i) const {
    const auto at = cut(i);
    const T* in = x + at.plane * o.h * o.w;
    y[i] = activate(act, in[winner_of(o, in, at.y, at.x)], slope);
  }
};
template <class T>
struct MaxPoolBackwardEach {
  MaxPoolOp o;
  PlaneCut cut;
  FastDivide stride_h, stride_w;
  const T *x, *grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const {
    const auto at = cut(i);
    const T *in = x + at.plane * o.h * o.w, *g = grad + at.plane * o.p * o.q;
    const int pixel = at.y * o.w + at.x, bottom = at.y + o.pad_h, right = at.x + o.pad_w;
    const int above = bottom - (o.r - 1) * o.dilation_h, before = right - (o.s - 1) * o.dilation_w;
    const int p0 = above <= 0 ? 0 : stride_h(above + o.stride_h - 1);
    const int q0 = before <= 0 ? 0 : stride_w(before + o.stride_w - 1);
    T sum = 0;
    for (int p = p0; p < o.p && p * o.stride_h <= bottom; ++p)
      for (int q = q0; q < o.q && q * o.stride_w <= right; ++q)
        if (winner_of(o, in, p, q) == pixel) sum += g[p * o.q + q];
    grad_in[i] = mask(sum, i);
  }
};

template <class Op, class T>
struct MeanPhase {
  Op o;
  PlaneCut cut;
  int outputs, lanes;
  const T* x;
  T* y;
  int act;
  T slope;

  __device__ void operator()(const Crew& crew) const {
    const int own = warp_size / lanes, part = crew.lane() % lanes;
    for (int base = crew.first_warp() * own; base < outputs; base += crew.warps() * own) {
      const int i = base + crew.lane() / lanes;
      const bool here = i < outputs;
      const auto at = cut(here ? i : 0);
      const auto w = mean_window(o, at.y, at.x);
      const T* in = x + (at.plane * o.h + w.y0) * o.w + w.x0;
      const int wide = w.x1 - w.x0, all = wide * (w.y1 - w.y0);
      T sum = 0;
      for (int e = part; e < all; e += lanes) sum += in[e / wide * o.w + e % wide];
      sum = sum_beside(sum, lanes);
      if (here && part == 0) y[i] = activate(act, sum / static_cast<T>(w.count), slope);
    }
  }
};
template <class Op, class T>
struct MeanBackwardEach {
  Op o;
  PlaneCut cut;
  const T* grad;
  T* grad_in;
  Mask<T> mask;
  __device__ void operator()(i64 i) const {
    const auto at = cut(i);
    grad_in[i] = mask(mean_gradient(o, grad + at.plane * o.p * o.q, at.y, at.x), i);
  }
};

template <class Op>
struct PoolSizes {
  i64 inputs, outputs;
  PoolSizes(const Op& o, int batch) : inputs(i64{batch} * o.c * o.h * o.w), outputs(i64{batch} * o.c * o.p * o.q) {}
};

template <class Op, class T>
struct RecordedMeanPool {
  using predict_phases = PhaseTypes<MeanPhase<Op, T>>;
  using training_phases = PhaseTypes<MeanPhase<Op, T>, EachPhase<MeanBackwardEach<Op, T>>>;

  static void forward(const Op& o, const Forward<T>& a) {
    const PoolSizes<Op> n(o, a.batch);
    if (!a.queue.list->countable(a.queue, std::max(n.inputs, n.outputs))) return;
    const int lanes = lanes_for(n.outputs, i64{o.h} * o.w / (i64{o.p} * o.q));  // pixels of a window, about
    a.queue.list->add(
        a.queue, "mean pool", ceil_div(n.outputs * lanes, warp_size),
        MeanPhase<Op, T>{
            o, {o.p, o.q}, static_cast<int>(n.outputs), lanes, a.in[0], a.out, a.epilogue.act, a.epilogue.slope},
        Touches{}.read(a.in[0], n.inputs).write(a.out, n.outputs));
  }
  static void backward(const Op& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const PoolSizes<Op> n(o, a.batch);
    a.queue.list->each(a.queue, "mean pool backward", n.inputs,
                       MeanBackwardEach<Op, T>{o, {o.h, o.w}, a.grad_out, a.grad_in[0], a.mask[0]},
                       Touches{}.read(a.grad_out, n.outputs).write(a.grad_in[0], n.inputs).along(a.mask[0], n.inputs));
  }
};

}  // namespace cuda

template <class B>
struct Kernel<MaxPoolOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::MaxPoolEach<T>>>;
  using training_phases =
      cuda::PhaseTypes<cuda::EachPhase<cuda::MaxPoolEach<T>>, cuda::EachPhase<cuda::MaxPoolBackwardEach<T>>>;

  static void forward(const MaxPoolOp& o, const cuda::Forward<T>& a) {
    const cuda::PoolSizes<MaxPoolOp> n(o, a.batch);
    if (!a.queue.list->countable(a.queue, n.inputs)) return;
    a.queue.list->each(a.queue, "max pool", n.outputs,
                       cuda::MaxPoolEach<T>{o, {o.p, o.q}, a.in[0], a.out, a.epilogue.act, a.epilogue.slope},
                       cuda::Touches{}.read(a.in[0], n.inputs).write(a.out, n.outputs));
  }
  static void backward(const MaxPoolOp& o, const cuda::Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const cuda::PoolSizes<MaxPoolOp> n(o, a.batch);
    cuda::Touches t;
    t.read(a.in[0], n.inputs).read(a.grad_out, n.outputs).write(a.grad_in[0], n.inputs).along(a.mask[0], n.inputs);
    a.queue.list->each(a.queue, "max pool backward", n.inputs,
                       cuda::MaxPoolBackwardEach<T>{o,
                                                    {o.h, o.w},
                                                    cuda::FastDivide(o.stride_h),
                                                    cuda::FastDivide(o.stride_w),
                                                    a.in[0],
                                                    a.grad_out,
                                                    a.grad_in[0],
                                                    a.mask[0]},
                       t);
  }
};

template <class B>
struct Kernel<AvgPoolOp, cuda::Recorded<B>> : cuda::RecordedMeanPool<AvgPoolOp, typename B::scalar> {};
template <class B>
struct Kernel<AdaptiveAvgPoolOp, cuda::Recorded<B>> : cuda::RecordedMeanPool<AdaptiveAvgPoolOp, typename B::scalar> {};

}  // namespace ctnet
