// SPDX-License-Identifier: MIT
// Joins as phases of a persistent kernel: sums by the functors of cuda.cuh; of Concat every value is copied by a
// thread.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda.cuh"

namespace ctnet {

namespace cuda {

// Value i of the outputs and its place in one of the inputs.
struct ConcatPlace {
  int input, at;
};
struct ConcatCut {
  Places places;
  FastDivide all;
  __device__ ConcatPlace operator()(i64 i) const {
    const int image = all(static_cast<int>(i)), within = all.rest(static_cast<int>(i), image);
    ConcatPlace p{0, within};
    while (p.at >= places.size[p.input]) p.at -= places.size[p.input++];
    p.at += image * places.size[p.input];
    return p;
  }
};
template <class T>
struct ConcatEach {
  ConcatCut cut;
  Inputs<T> in;
  T* out;
  __device__ void operator()(i64 i) const {
    const ConcatPlace p = cut(i);
    out[i] = in.p[p.input][p.at];
  }
};
template <class T>
struct ConcatBackwardEach {
  ConcatCut cut;
  Gradients<T> in;
  const T* grad;
  __device__ void operator()(i64 i) const {
    const ConcatPlace p = cut(i);
    if (in.p[p.input]) in.p[p.input][p.at] = in.mask[p.input](grad[i], p.at);
  }
};

}  // namespace cuda

template <class B>
struct Kernel<AddOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::Sum<T, 1>>>;
  using training_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::Sum<T, 1>>, cuda::EachPhase<cuda::SumBackward<T, 1>>>;

  static void forward(const AddOp& o, const cuda::Forward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    cuda::Sum<T, 1> sum{{}, a.out, o.inputs, a.epilogue.act, a.epilogue.slope};
    cuda::Touches t;
    for (int j = 0; j < o.inputs; ++j) {
      sum.in[j] = a.in[j];
      t.read(a.in[j], n);
    }
    a.queue.list->each(a.queue, "add", n, sum, t.write(a.out, n));
  }
  static void backward(const AddOp& o, const cuda::Backward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    cuda::SumBackward<T, 1> sum{a.grad_out, {}, {}};
    cuda::Touches t;
    t.read(a.grad_out, n);
    bool wanted = false;
    for (int j = 0; j < o.inputs; ++j) {
      sum.grad_in[j] = a.grad_in[j];
      sum.mask[j] = a.mask[j];
      t.write(a.grad_in[j], n).along(a.mask[j], n);
      wanted = wanted || a.grad_in[j];
    }
    if (wanted) a.queue.list->each(a.queue, "add backward", n, sum, t);
  }
};

template <class B>
struct Kernel<ConcatOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::ConcatEach<T>>>;
  using training_phases =
      cuda::PhaseTypes<cuda::EachPhase<cuda::ConcatEach<T>>, cuda::EachPhase<cuda::ConcatBackwardEach<T>>>;

  static void forward(const ConcatOp& o, const cuda::Forward<T>& a) {
    const cuda::ConcatCut cut = cut_of(o);
    const i64 n = i64{a.batch} * cut.places.all;
    cuda::ConcatEach<T> f{cut, {}, a.out};
    cuda::Touches t;
    for (int j = 0; j < o.inputs; ++j) {
      f.in.p[j] = a.in[j];
      t.read(a.in[j], i64{a.batch} * cut.places.size[j]);
    }
    a.queue.list->each(a.queue, "concat", n, f, t.write(a.out, n));
  }
  static void backward(const ConcatOp& o, const cuda::Backward<T>& a) {
    const cuda::ConcatCut cut = cut_of(o);
    const i64 n = i64{a.batch} * cut.places.all;
    cuda::ConcatBackwardEach<T> f{cut, {}, a.grad_out};
    cuda::Touches t;
    t.read(a.grad_out, n);
    bool wanted = false;
    for (int j = 0; j < o.inputs; ++j) {
      const i64 part = i64{a.batch} * cut.places.size[j];
      f.in.p[j] = a.grad_in[j];
      f.in.mask[j] = a.mask[j];
      t.write(a.grad_in[j], part).along(a.mask[j], part);
      wanted = wanted || a.grad_in[j];
    }
    if (wanted) a.queue.list->each(a.queue, "concat backward", n, f, t);
  }

 private:
  static cuda::ConcatCut cut_of(const ConcatOp& o) {
    cuda::ConcatCut cut{{o.inputs, 0, {}}, {}};
    for (int j = 0; j < o.inputs; ++j) {
      cut.places.size[j] = o.c[j] * o.plane;
      cut.places.all += cut.places.size[j];
    }
    cut.all = cuda::FastDivide(cut.places.all);
    return cut;
  }
};

}  // namespace ctnet
