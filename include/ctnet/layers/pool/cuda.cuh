// SPDX-License-Identifier: MIT
// Pools on the GPU: the choice of kernels. All are bound by memory: forward reads the image and writes the windows'
// results, backward reads the gradient (max: the image as well) and writes the image's gradient once, without atomics.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "cuda_max.cuh"
#include "cuda_mean.cuh"

namespace ctnet {

// V: 1, 2, 4: 2 x 2 with as many columns of a thread; 3: 3 x 3; 0: any window.
template <class P, class... Q, int V>
struct KernelVariant<MaxPoolOp, Cuda<P, Q...>, V> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr unsigned takes(const MaxPoolOp&) { return takes_act | takes_mask; }
  static void forward(const MaxPoolOp& o, const cuda::Forward<T>& a) {
    if constexpr (V == 0 || V == 3)
      cuda::each(a.queue, "max pool", i64{a.batch} * o.c * o.p * o.q,
                 cuda::MaxPool<T, V, V>{o, a.in[0], a.out, a.epilogue.act, a.epilogue.slope});
    else
      cuda::pool_2x2<true, V>(o, a);
  }
  static void backward(const MaxPoolOp& o, const cuda::Backward<T>& a) {
    if (!a.grad_in[0]) return;
    if constexpr (V == 0 || V == 3)
      cuda::each(a.queue, "max pool backward", i64{a.batch} * o.c * o.h * o.w,
                 cuda::MaxPoolBackward<T, V, V>{o, a.in[0], a.grad_out, a.grad_in[0], a.mask[0]});
    else
      cuda::pool_2x2_backward<true, V>(o, a);
  }
};
template <class P, class... Q>
struct Kernel<MaxPoolOp, Cuda<P, Q...>> : KernelVariant<MaxPoolOp, Cuda<P, Q...>, 0> {
  static constexpr int variant(const MaxPoolOp& o) {
    if (cuda::plain_2x2(o)) return cuda::columns_2x2(o.w);
    return o.r == 3 && o.s == 3 && o.dilation_h == 1 && o.dilation_w == 1 ? 3 : 0;
  }
};

// V: 1, 2, 4 as above; 0: any window.
template <class P, class... Q, int V>
struct KernelVariant<AvgPoolOp, Cuda<P, Q...>, V> : cuda::MeanPool<AvgPoolOp, typename Cuda<P, Q...>::scalar, V> {};
template <class P, class... Q>
struct Kernel<AvgPoolOp, Cuda<P, Q...>> : KernelVariant<AvgPoolOp, Cuda<P, Q...>, 0> {
  static constexpr int variant(const AvgPoolOp& o) { return cuda::plain_2x2(o) ? cuda::columns_2x2(o.w) : 0; }
};

template <class P, class... Q>
struct Kernel<AdaptiveAvgPoolOp, Cuda<P, Q...>> : cuda::MeanPool<AdaptiveAvgPoolOp, typename Cuda<P, Q...>::scalar, 0> {
};

}  // namespace ctnet
