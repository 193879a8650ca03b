// SPDX-License-Identifier: MIT
// Activations as phases of a persistent kernel: the functors of cuda.cuh, and Softmax of features with lanes that share
// a row.
#pragma once

#include "../../backends/cuda/phase_list.cuh"
#include "cuda.cuh"

namespace ctnet {

namespace cuda {

// x, y (rows, c). Backward (of y and grad): grad_in = y (g - sum of g y), which may be grad.
template <class T, bool Backward>
struct SoftmaxRowsPhase {
  int rows, c;
  const T *x, *grad;
  T* to;

  __device__ void operator()(const Crew& crew) const {
    for (int row = crew.first_warp(); row < rows; row += crew.warps()) {
      const int at = row * c, lane = crew.lane();
      if constexpr (Backward) {
        T dot = 0;
        for (int i = lane; i < c; i += warp_size) dot += grad[at + i] * x[at + i];
        dot = warp_sum(dot);
        for (int i = lane; i < c; i += warp_size) to[at + i] = x[at + i] * (grad[at + i] - dot);
      } else {
        T most = x[at + (lane < c ? lane : 0)], sum = 0;
        for (int i = lane + warp_size; i < c; i += warp_size) most = x[at + i] > most ? x[at + i] : most;
        most = warp_max(most);
        for (int i = lane; i < c; i += warp_size) sum += std::exp(x[at + i] - most);
        sum = warp_sum(sum);
        for (int i = lane; i < c; i += warp_size) to[at + i] = std::exp(x[at + i] - most) / sum;
      }
    }
  }
};

}  // namespace cuda

template <class B>
struct Kernel<ActivationOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::EachPhase<cuda::Activate<T>>>;
  using training_phases =
      cuda::PhaseTypes<cuda::EachPhase<cuda::Activate<T>>, cuda::EachPhase<cuda::ActivateBackward<T>>>;

  static void forward(const ActivationOp& o, const cuda::Forward<T>& a) {
    const i64 n = i64{a.batch} * o.size;
    a.queue.list->each(a.queue, "activation", n, cuda::Activate<T>{a.in[0], a.out, o.act, o.template slope<T>()},
                       cuda::Touches{}.read(a.in[0], n).write(a.out, n));
  }
  static void backward(const ActivationOp& o, const cuda::Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const i64 n = i64{a.batch} * o.size;
    const T* kept = derived_from_output(o.act) ? a.out : a.in[0];
    a.queue.list->each(a.queue, "activation backward", n,
                       cuda::ActivateBackward<T>{a.grad_out, kept, a.grad_in[0], o.act, o.template slope<T>()},
                       cuda::Touches{}.read(a.grad_out, n).read(kept, n).write(a.grad_in[0], n));
  }
};

template <class B>
struct Kernel<SoftmaxOp, cuda::Recorded<B>> {
  using T = typename B::scalar;
  using predict_phases = cuda::PhaseTypes<cuda::SoftmaxRowsPhase<T, false>, cuda::EachPhase<cuda::SoftmaxPlace<T>>>;
  using training_phases =
      cuda::PhaseTypes<cuda::SoftmaxRowsPhase<T, false>, cuda::EachPhase<cuda::SoftmaxPlace<T>>,
                       cuda::SoftmaxRowsPhase<T, true>, cuda::EachPhase<cuda::SoftmaxPlaceBackward<T>>>;

  static void forward(const SoftmaxOp& o, const cuda::Forward<T>& a) {
    const i64 n = i64{a.batch} * o.c * o.plane;
    if (!a.queue.list->countable(a.queue, n)) return;
    cuda::Touches t;
    t.read(a.in[0], n).write(a.out, n);
    if (o.plane == 1)
      a.queue.list->add(a.queue, "softmax", a.batch,
                        cuda::SoftmaxRowsPhase<T, false>{a.batch, o.c, a.in[0], nullptr, a.out}, t);
    else
      a.queue.list->each(a.queue, "softmax", i64{a.batch} * o.plane,
                         cuda::SoftmaxPlace<T>{a.in[0], a.out, o.c, o.plane}, t);
  }
  static void backward(const SoftmaxOp& o, const cuda::Backward<T>& a) {
    const i64 n = i64{a.batch} * o.c * o.plane;
    if (!a.grad_in[0] || !a.queue.list->countable(a.queue, n)) return;
    cuda::Touches t;
    t.read(a.out, n).read(a.grad_out, n).write(a.grad_in[0], n);
    if (o.plane == 1)
      a.queue.list->add(a.queue, "softmax backward", a.batch,
                        cuda::SoftmaxRowsPhase<T, true>{a.batch, o.c, a.out, a.grad_out, a.grad_in[0]}, t);
    else
      a.queue.list->each(a.queue, "softmax backward", i64{a.batch} * o.plane,
                         cuda::SoftmaxPlaceBackward<T>{a.out, a.grad_out, a.grad_in[0], o.c, o.plane}, t);
  }
};

}  // namespace ctnet
