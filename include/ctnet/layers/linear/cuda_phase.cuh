// SPDX-License-Identifier: MIT
// Linear as phases of a persistent kernel, for few images: every sum is shared by as many lanes as there is work for.
// Bound by reading the weights from L2 (forward and data once for each image or, where there are enough sums for all
// threads, four of them) and by the length of a lane's sum: LeNet's 400 inputs are 13 products a lane.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "op.hpp"

namespace ctnet {

namespace cuda {

// Sums over `terms`: result (image, place) of `places` places. lanes: that share a sum.
struct LinearCut {
  int batch, places, terms, lanes, units;
  FastDivide of_places;
};

template <class T>
struct LinearForwardPhase {
  LinearCut c;
  int images;  // of a unit: 1 or 4
  const T *x, *w, *bias;
  T* y;
  Epilogue<T> epilogue;

  __device__ void operator()(const Crew& crew) const { images == 1 ? run<1>(crew) : run<4>(crew); }

 private:
  template <int Images>
  __device__ void run(const Crew& crew) const {
    const int own = warp_size / c.lanes, part = crew.lane() % c.lanes;
    for (int base = crew.first_warp() * own; base < c.units; base += crew.warps() * own) {
      const int unit = base + crew.lane() / c.lanes;
      const bool here = unit < c.units;
      const int first = Images * c.of_places(here ? unit : 0);
      const int o = c.of_places.rest(here ? unit : 0, first / Images);
      const T *row = w + i64{o} * c.terms, *from = x + i64{first} * c.terms;
      T sum[Images] = {};
      CTNET_UNROLL_4
      for (int i = part; i < c.terms; i += c.lanes) {
        const T v = row[i];
        CTNET_UNROLL
        for (int n = 0; n < Images; ++n)
          if (Images == 1 || first + n < c.batch) sum[n] += v * from[n * c.terms + i];
      }
      CTNET_UNROLL
      for (int n = 0; n < Images; ++n) {
        sum[n] = sum_beside(sum[n], c.lanes);
        const int at = (first + n) * c.places + o;
        if (here && part == 0 && first + n < c.batch)
          y[at] = epilogue(sum[n] + (bias ? bias[o] : T(0)), epilogue.channel(o), at);
      }
    }
  }
};

template <class T>
struct LinearDataPhase {
  LinearCut c;
  const T *grad, *w;
  T* grad_in;
  Mask<T> mask;

  __device__ void operator()(const Crew& crew) const {
    const int own = warp_size / c.lanes, part = crew.lane() / own;
    for (int base = crew.first_warp() * own; base < c.units; base += crew.warps() * own) {
      const int unit = base + crew.lane() % own;
      const bool here = unit < c.units;
      const int n = c.of_places(here ? unit : 0), i = c.of_places.rest(here ? unit : 0, n);
      const T* g = grad + n * c.terms;
      T sum = 0;
      CTNET_UNROLL_4
      for (int o = part; o < c.terms; o += c.lanes) sum += g[o] * w[o * c.places + i];
      sum = sum_apart(sum, c.lanes);
      if (here && part == 0) grad_in[unit] = mask(sum, unit);
    }
  }
};

// Units: weights (o, i), then biases; a thread each.
template <class T>
struct LinearWeightsPhase {
  LinearCut c;  // places: inputs
  int outputs;
  const T *grad, *x;
  T *to, *bias;
  bool accumulate;

  __device__ void operator()(const Crew& crew) const {
    for (int unit = crew.first(); unit < c.units; unit += crew.threads()) {
      const int o = c.of_places(unit), i = c.of_places.rest(unit, o);
      const bool of_bias = o >= outputs;
      const T *g = grad + (of_bias ? unit - outputs * c.places : o), *v = x + i;
      T sum = 0;
      CTNET_UNROLL_4
      for (int n = 0; n < c.batch; ++n) sum += g[n * outputs] * (of_bias ? T(1) : v[n * c.places]);
      T* at = of_bias ? bias + (unit - outputs * c.places) : to + unit;
      *at = accumulate ? *at + sum : sum;
    }
  }
};

}  // namespace cuda

template <class B>
struct Kernel<LinearOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::LinearForwardPhase<T>>;
  using training_phases =
      cuda::PhaseTypes<cuda::LinearForwardPhase<T>, cuda::LinearDataPhase<T>, cuda::LinearWeightsPhase<T>>;

  static void forward(const LinearOp& o, const cuda::Forward<T>& a) {
    if (!countable(o, a.batch, a.queue)) return;
    const i64 outputs = i64{a.batch} * o.out;
    const int images = outputs / 4 * cuda::warp_size >= cuda::enough_threads ? 4 : 1;
    const i64 units = cuda::ceil_div(a.batch, images) * o.out;
    const cuda::LinearCut c = cut(a.batch, o.out, o.in, cuda::lanes_for(units, o.in), units);
    cuda::Touches t;
    t.read(a.in[0], i64{a.batch} * o.in).read(a.parameters, parameters(o)).write(a.out, outputs);
    a.queue.list->add(
        a.queue, "linear", cuda::ceil_div(units * c.lanes, cuda::warp_size),
        cuda::LinearForwardPhase<T>{c, images, a.in[0], a.parameters,
                                    o.bias ? a.parameters + i64{o.in} * o.out : nullptr, a.out, a.epilogue},
        t.along(a.epilogue, outputs, o.out));
  }
  static void backward(const LinearOp& o, const cuda::Backward<T>& a) {
    if (!countable(o, a.batch, a.queue)) return;
    const i64 outputs = i64{a.batch} * o.out, inputs = i64{a.batch} * o.in;
    if (a.grad_in[0]) {
      const cuda::LinearCut c = cut(a.batch, o.in, o.out, cuda::lanes_for(inputs, o.out), inputs);
      cuda::Touches t;
      t.read(a.grad_out, outputs).read(a.parameters, parameters(o)).write(a.grad_in[0], inputs);
      a.queue.list->add(a.queue, "linear, gradient of the input", cuda::ceil_div(inputs * c.lanes, cuda::warp_size),
                        cuda::LinearDataPhase<T>{c, a.grad_out, a.parameters, a.grad_in[0], a.mask[0]},
                        t.along(a.mask[0], inputs));
    }
    cuda::Touches t;
    t.read(a.grad_out, outputs).read(a.in[0], inputs).write(a.grad_parameters, parameters(o));
    a.queue.list->add(a.queue, "linear, gradient of the weights", cuda::ceil_div(parameters(o), cuda::warp_size),
                      cuda::LinearWeightsPhase<T>{
                          cut(a.batch, o.in, a.batch, 1, parameters(o)), o.out, a.grad_out, a.in[0], a.grad_parameters,
                          o.bias ? a.grad_parameters + i64{o.in} * o.out : nullptr, a.accumulate},
                      t);
  }

 private:
  static i64 parameters(const LinearOp& o) { return i64{o.in} * o.out + (o.bias ? o.out : 0); }
  static bool countable(const LinearOp& o, int batch, const cuda::Queue& q) {
    return q.list->countable(q, std::max(parameters(o), i64{batch} * std::max(o.in, o.out)));
  }
  static cuda::LinearCut cut(int batch, int places, int terms, int lanes, i64 units) {
    return {batch, places, terms, lanes, static_cast<int>(units), cuda::FastDivide(places)};
  }
};

}  // namespace ctnet
