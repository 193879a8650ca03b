// SPDX-License-Identifier: MIT
// Activations on the GPU, one pass each, bound by memory: forward reads and writes N size numbers, backward reads two
// and writes one. Networks mostly have them taken into the kernel before (Epilogue) and the kernel behind (Mask).
// Softmax: one thread per place (N, plane) walks the channels.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "op.hpp"

namespace ctnet {

namespace cuda {
template <class T>
struct Activate {
  const T* x;
  T* y;
  int act;
  T slope;
  __device__ void operator()(i64 i) const { y[i] = activate(act, x[i], slope); }
};
template <class T>
struct ActivateBackward {
  const T *grad, *kept;
  T* grad_in;
  int act;
  T slope;
  __device__ void operator()(i64 i) const { grad_in[i] = grad[i] * derivative(act, kept[i], slope); }
};
}  // namespace cuda

template <class P, class... Q>
struct Kernel<ActivationOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static void forward(const ActivationOp& o, const cuda::Forward<T>& a) {
    cuda::each(a.queue, "activation", i64{a.batch} * o.size,
               cuda::Activate<T>{a.in[0], a.out, o.act, o.template slope<T>()});
  }
  static void backward(const ActivationOp& o, const cuda::Backward<T>& a) {
    if (!a.grad_in[0]) return;
    const T* kept = derived_from_output(o.act) ? a.out : a.in[0];
    cuda::each(a.queue, "activation backward", i64{a.batch} * o.size,
               cuda::ActivateBackward<T>{a.grad_out, kept, a.grad_in[0], o.act, o.template slope<T>()});
  }
};

}  // namespace ctnet
