// SPDX-License-Identifier: MIT
// Activations on the GPU, one pass each, bound by memory: forward reads and writes N size numbers, backward reads two
// and writes one. Networks mostly have them taken into the kernel before (Epilogue) and the kernel behind (Mask).
// Softmax: of features, a warp for each row, which reads it from memory once and from the cache again; of images, one
// thread for each place (N, plane) walks the channels, its neighbours beside it.
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

template <class T>
__device__ T warp_max(T v) {
  for (int mask = warp_size / 2; mask > 0; mask /= 2) {
    const T other = shuffle_xor(v, mask);
    v = other > v ? other : v;
  }
  return v;
}
inline constexpr int softmax_threads = 256;

// x, y (rows, c)
template <class T>
__global__ void softmax_rows(const T* x, T* y, int rows, int c) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int row = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / warp_size);
  if (row >= rows) return;  // a whole warp
  x += i64{row} * c;
  y += i64{row} * c;
  T most = x[lane < c ? lane : 0], sum = 0;
  for (int i = lane + warp_size; i < c; i += warp_size) most = x[i] > most ? x[i] : most;
  most = warp_max(most);
  for (int i = lane; i < c; i += warp_size) sum += std::exp(x[i] - most);
  sum = warp_sum(sum);
  for (int i = lane; i < c; i += warp_size) y[i] = std::exp(x[i] - most) / sum;
}
// dx = y (g - sum of g y); grad_in may be grad.
template <class T>
__global__ void softmax_rows_backward(const T* y, const T* grad, T* grad_in, int rows, int c) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int row = static_cast<int>((blockIdx.x * blockDim.x + threadIdx.x) / warp_size);
  if (row >= rows) return;
  const i64 at = i64{row} * c;
  T dot = 0;
  for (int i = lane; i < c; i += warp_size) dot += grad[at + i] * y[at + i];
  dot = warp_sum(dot);
  for (int i = lane; i < c; i += warp_size) grad_in[at + i] = y[at + i] * (grad[at + i] - dot);
}

template <class T>
struct SoftmaxPlace {
  const T* x;
  T* y;
  int c, plane;
  __device__ void operator()(i64 i) const {
    const i64 n = i / plane, first = n * c * plane + (i - n * plane), last = first + i64{c} * plane;
    T most = x[first], sum = 0;
    for (i64 at = first; at < last; at += plane) most = x[at] > most ? x[at] : most;
    for (i64 at = first; at < last; at += plane) sum += std::exp(x[at] - most);
    for (i64 at = first; at < last; at += plane) y[at] = std::exp(x[at] - most) / sum;
  }
};
template <class T>
struct SoftmaxPlaceBackward {
  const T *y, *grad;
  T* grad_in;
  int c, plane;
  __device__ void operator()(i64 i) const {
    const i64 n = i / plane, first = n * c * plane + (i - n * plane), last = first + i64{c} * plane;
    T dot = 0;
    for (i64 at = first; at < last; at += plane) dot += grad[at] * y[at];
    for (i64 at = first; at < last; at += plane) grad_in[at] = y[at] * (grad[at] - dot);
  }
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

template <class P, class... Q>
struct Kernel<SoftmaxOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;

  static void forward(const SoftmaxOp& o, const cuda::Forward<T>& a) {
    if (o.plane == 1)
      cuda::launch(a.queue, "softmax", &cuda::softmax_rows<T>, rows(a.batch), a.in[0], a.out, a.batch, o.c);
    else
      cuda::each(a.queue, "softmax", i64{a.batch} * o.plane, cuda::SoftmaxPlace<T>{a.in[0], a.out, o.c, o.plane});
  }
  static void backward(const SoftmaxOp& o, const cuda::Backward<T>& a) {
    if (!a.grad_in[0]) return;
    if (o.plane == 1)
      cuda::launch(a.queue, "softmax backward", &cuda::softmax_rows_backward<T>, rows(a.batch), a.out, a.grad_out,
                   a.grad_in[0], a.batch, o.c);
    else
      cuda::each(a.queue, "softmax backward", i64{a.batch} * o.plane,
                 cuda::SoftmaxPlaceBackward<T>{a.out, a.grad_out, a.grad_in[0], o.c, o.plane});
  }

 private:
  static cuda::Grid rows(int batch) {
    return {cuda::blocks_for(batch, cuda::softmax_threads / cuda::warp_size), cuda::softmax_threads};
  }
};

}  // namespace ctnet
