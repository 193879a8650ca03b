// SPDX-License-Identifier: MIT
// Small convolutions on the GPU (LeNet's): which are served, how their work is cut, and their launches. Few launches
// are what a small network's step is made of: backward is one, in large batches two, where some blocks make the
// gradient of the input and others those of the filters.
#pragma once

#include "cuda_direct_output.cuh"
#include "cuda_direct_sums.cuh"
#include "cuda_direct_tiles.cuh"

namespace ctnet::cuda {

namespace direct {

// What the kernels are compiled for, as a number.
struct Number {
  int r, s, stride;
  int filters, channels, sums;  // of a thread: forward, backward-data, gradients of filters

  constexpr int code() const { return ((((r * 8 + s) * 2 + stride - 1) * 8 + filters) * 8 + channels) * 8 + sums; }
  static constexpr Number of(int code) {
    return {code >> 13, code >> 10 & 7, (code >> 9 & 1) + 1, code >> 6 & 7, code >> 3 & 7, code & 7};
  }
};
// Of n filters at most `wanted` (2 or 4) together, or 3 where that leaves fewer over.
constexpr int together(int n, int wanted) {
  if (n < wanted) return n;
  return n % wanted != 0 && (n + 2) / 3 * 3 < round_up(n, wanted) ? 3 : wanted;
}
constexpr Number number(const ConvOp& o) {
  const int window_ = o.r * o.s;
  return {o.r,
          o.s,
          o.stride_h,
          together(o.k, window_ > 30 ? 2 : 4),
          together(o.c, window_ > 30 ? 2 : 4),
          window_ > 30 ? 1 : together(o.k, window_ > 12 ? 2 : 4)};
}

// Fewer outputs of the large tiles than this leave most of the GPU without work: then small ones.
constexpr bool few_tiles(const ConvOp& o, int batch) {
  return i64{batch} * ((o.p + 1) / 2) * ((o.q + 3) / 4) * ((o.k + 3) / 4) < 64 * sms;
}
// All rows of a batch as slots of one block, or two after another.
constexpr bool few_rows(const ConvOp& o, int batch) { return i64{batch} * o.p <= 2 * most_threads; }

template <class T, int R, int S, int Stride, int TW, int KT>
__global__ void __launch_bounds__(most_threads, sizeof(T) == 4 ? 2 : 1)
    forward_kernel(Tiles t, const T* x, const T* w, Output<T, TW, KT> output) {
  Tile<T, R, S, Stride, TW, KT>::template run<false>(t, static_cast<int>(blockIdx.x), x, w, output);
}

// Blocks before t.blocks make the gradient of the input, the others those of the filters.
template <class T, int R, int S, int Stride, int TW, int KT, int KS, bool Small>
__global__ void __launch_bounds__(most_threads, sizeof(T) == 4 ? 2 : 1)
    backward_kernel(Tiles t, GradientOutput<T, TW, KT> output, const T* w, Sums u, const T* x, const T* grad, T* sums,
                    bool accumulate) {
  int block = static_cast<int>(blockIdx.x);
  if (block < t.blocks) {
    if constexpr (Stride == 1) Tile<T, R, S, Stride, TW, KT>::template run<true>(t, block, grad, w, output);
  } else {
    block -= t.blocks;
    if (u.slices > 1) sums += i64{block / (u.group_blocks * u.channel_blocks)} * u.numbers;
    Sum<T, R, S, Stride, KS, Small>::run(u, block, x, grad, sums, accumulate && u.slices == 1);
  }
}

// Whether rows of w numbers are at multiples of v numbers everywhere.
template <class T>
bool aligned_rows(const T* p, int w, int v) {
  return w % v == 0 && reinterpret_cast<std::uintptr_t>(p) % (static_cast<unsigned>(v) * sizeof(T)) == 0;
}

template <class T, int R, int S, int Stride, int TW, int KT>
void forward(const ConvOp& o, const Forward<T>& a, bool small) {
  const Tiles t = Tile<T, R, S, Stride, TW, KT>::plan(o, a.batch, small);
  const Output<T, TW, KT> output{o, aligned_rows(a.out, o.q, TW), o.bias ? a.parameters + o.weights() : nullptr,
                                 a.epilogue, a.out};
  launch(a.queue, "direct convolution", &forward_kernel<T, R, S, Stride, TW, KT>,
         Grid{static_cast<unsigned>(t.blocks), static_cast<unsigned>(t.threads), static_cast<std::size_t>(t.shared)}, t,
         a.in[0], a.parameters, output);
}
template <class T, int R, int S, int Stride, int TW, int KT, int KS, bool Small>
void backward(const ConvOp& o, const Backward<T>& a, bool data, bool weights) {
  using Filters = Sum<T, R, S, Stride, KS, Small>;
  const ConvOp m = mirrored(o);
  Tiles t{};
  Sums u{};
  if (data) t = Tile<T, R, S, Stride, TW, KT>::plan(m, a.batch, Small);
  if (weights) u = Filters::plan(o, a.batch);
  const bool several = u.slices > 1;
  launch(a.queue, "direct convolution backward", &backward_kernel<T, R, S, Stride, TW, KT, KS, Small>,
         Grid{static_cast<unsigned>(t.blocks + u.blocks), static_cast<unsigned>(most(t.threads, u.threads)),
              static_cast<std::size_t>(most(t.shared, u.shared))},
         t, GradientOutput<T, TW, KT>{m, aligned_rows(a.grad_in[0], m.q, TW), a.mask[0], a.grad_in[0]}, a.parameters, u,
         a.in[0], a.grad_out, several ? a.scratch : a.grad_parameters, a.accumulate);
  if (several)
    launch(a.queue, "sums of slices", &reduce_kernel<T>, Grid{blocks_for(u.numbers, 32), dim3{32, 16}},
           static_cast<const T*>(a.scratch), a.grad_parameters, u.numbers, u.slices, a.accumulate);
}
template <int N, class T>
void backward(const ConvOp& o, const Backward<T>& a, bool data, bool weights) {
  constexpr Number n = Number::of(N);
  if (few_rows(o, a.batch))
    backward<T, n.r, n.s, n.stride, 2, 1, 1, true>(o, a, data, weights);
  else
    backward<T, n.r, n.s, n.stride, sizeof(T) == 4 ? 4 : 2, n.channels, n.sums, false>(o, a, data, weights);
}

}  // namespace direct

// On planes up to 64 x 64 with little to multiply, where the matrices of other methods would be mostly filled up with
// zeros and their launches would count.
constexpr bool direct_forward_fits(const ConvOp& o) {
  return o.groups == 1 && o.dilation_h == 1 && o.dilation_w == 1 && o.stride_h == o.stride_w && o.stride_h <= 2 &&
         o.r >= 2 && o.s >= 2 && o.r <= 7 && o.s <= 7 && o.taps() <= 256 && o.k <= 64 && o.weights() <= 4608 &&
         o.h <= 64 && o.w <= 64 && o.q <= 64 && o.p <= 64;
}
// All of an image's dY in shared memory.
constexpr bool direct_data_fits(const ConvOp& o) {
  return direct_forward_fits(o) && o.stride_h == 1 && o.pad_h < o.r && o.pad_w < o.s &&
         o.k * (o.h + o.r) * (o.w + o.s) <= 24 * 1024;
}
constexpr bool direct_weights_fits(const ConvOp& o) { return direct_forward_fits(o); }
constexpr int direct_number(const ConvOp& o) { return direct::number(o).code(); }
constexpr unsigned direct_takes(const ConvOp&) { return takes_act | takes_norm | takes_add | takes_pool; }

template <class T>
constexpr i64 direct_scratch(const ConvOp& o) {
  // Slices are at most 2 sms (Sum::shape).
  return direct_forward_fits(o) ? 2 * direct::sms * (i64{o.weights()} + (o.bias ? o.k : 0)) : 0;
}

template <int N, Compute, class T>
void direct_forward(const ConvOp& o, const Forward<T>& a) {
  constexpr direct::Number n = direct::Number::of(N);
  if (direct::few_tiles(o, a.batch))
    direct::forward<T, n.r, n.s, n.stride, 2, 1>(o, a, true);
  else
    direct::forward<T, n.r, n.s, n.stride, sizeof(T) == 4 ? 4 : 2, n.filters>(o, a, false);
}
template <int N, Compute, class T>
void direct_data(const ConvOp& o, const Backward<T>& a) {
  direct::backward<N>(o, a, true, false);
}
template <int N, Compute, class T>
void direct_weights(const ConvOp& o, const Backward<T>& a) {
  direct::backward<N>(o, a, false, true);
}
// Both at once; a.grad_in[0] may be null.
template <int N, Compute, class T>
void direct_backward(const ConvOp& o, const Backward<T>& a) {
  direct::backward<N>(o, a, a.grad_in[0] != nullptr, true);
}

}  // namespace ctnet::cuda
