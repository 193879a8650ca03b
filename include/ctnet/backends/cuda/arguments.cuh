// SPDX-License-Identifier: MIT
// What kernels of the CUDA backend are given beside their tensors: where to queue their work, and what neighbouring
// operations they take along. Kernel<Op, Cuda<...>> has
//   static void forward(const Op&, const cuda::Forward<T>&);
//   static void backward(const Op&, const cuda::Backward<T>&);
//   static constexpr i64 scratch(const Op&);            elements, whatever the batch (optional)
//   static constexpr unsigned takes(const Op&);         what of the below it can do (optional; else nothing)
// All tensors are in device memory. Both only queue work: they neither wait nor allocate, so that they can be captured.
#pragma once

#include "../../core/act.hpp"
#include "../kernel.hpp"
#include "check.cuh"
#include "cuda.hpp"

namespace ctnet::cuda {

// What a kernel does to its result v of channel k before it stores it at `at`, the place within the output (N, C, H,
// W):
//   act((v - mean(k)) weight(k) / sqrt(var(k) + eps) + bias(k) + add(at)), each part where it is there
// With `pooled`, the maxima of 2 x 2 windows of that, stride 2, remainders left out, go there, (N, C, H / 2, W / 2);
// `out` may then be null.
template <class T>
struct Epilogue {
  int act = no_act;
  T slope = 0;
  const T *weight = nullptr, *bias = nullptr, *mean = nullptr, *var = nullptr;
  T eps = 0;
  const T* add = nullptr;
  T* pooled = nullptr;

  struct Channel {
    T scale, shift;
  };
  CTNET_HD Channel channel(int k) const {
    if (!weight) return {T(1), T(0)};
    const T scale = weight[k] / std::sqrt(var[k] + eps);
    return {scale, bias[k] - mean[k] * scale};
  }
  CTNET_HD T operator()(T v, const Channel& c, i64 at) const {
    if (weight) v = v * c.scale + c.shift;
    if (add) v += add[at];
    return activate(act, v, slope);
  }
};

// The gradient g of what an activation gave, times the activation's derivative; y: what it gave.
template <class T>
struct Mask {
  int act = no_act;
  T slope = 0;
  const T* y = nullptr;

  CTNET_HD T operator()(T g, i64 at) const { return act == no_act ? g : g * derivative(act, y[at], slope); }
};

// draw_step: where in device memory the number of the step is, which is taken instead of draw.step; so
// a captured step need not be captured anew.
template <class T>
struct Forward : ctnet::Forward<T> {
  Queue queue{};
  const std::uint64_t* draw_step = nullptr;
  Epilogue<T> epilogue{};
};
template <class T>
struct Backward : ctnet::Backward<T> {
  Queue queue{};
  const std::uint64_t* draw_step = nullptr;
  Mask<T> mask[max_inputs]{};  // of grad_in[j], whose layer's output in[j] then is
};

}  // namespace ctnet::cuda

namespace ctnet {
template <class... P>
struct Arguments<Cuda<P...>> {
  using Forward = cuda::Forward<typename Cuda<P...>::scalar>;
  using Backward = cuda::Backward<typename Cuda<P...>::scalar>;
};
}  // namespace ctnet
