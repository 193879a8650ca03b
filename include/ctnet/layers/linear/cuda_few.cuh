// SPDX-License-Identifier: MIT
// Linear on the GPU for a few images, in the precision of memory. Bound by reading the weights (forward, gradient of
// the input) or writing their gradient, once for every `images` images that a block keeps in registers: 4096 x 4096 at
// 3.3 TB/s are 20 us, of which about 80 % can be reached; the rest of the images find the weights in L2.
//   forward: a block has 8 warps; 8 / split rows of W at a time, each shared by `split` warps, lanes along the row
//   gradient of the input: a warp has 32 columns of W, the 8 warps of a block share its rows
//   gradient of the weights: a thread has a column, and 8 rows of W one after the other
#pragma once

#include "../../backends/cuda/launch.cuh"
#include "cuda_gemm.cuh"

namespace ctnet::cuda {

inline constexpr int few_images = 16, few_warps = 8, few_rows = 8;

template <class T, int Images>
struct FewSums {
  T of[few_warps][Images];
};
template <class T, int Images>
struct FewColumns {
  T of[few_warps][Images][warp_size];
};

// x (N, I), w (O, I). `split` divides 8.
template <class T, int Images>
__global__ void __launch_bounds__(256)
    linear_few_forward(int batch, int inputs, int outputs, int split, const T* x, const T* w, LinearStore<T> store) {
  auto& sums = shared<FewSums<T, Images>>();
  const int thread = static_cast<int>(threadIdx.x), warp = thread / warp_size, lane = thread % warp_size;
  const int row = static_cast<int>(blockIdx.x) * (few_warps / split) + warp / split,
            first = static_cast<int>(blockIdx.y) * Images;
  T sum[Images] = {};
  if (row < outputs) {
    const T* const own = w + i64{row} * inputs;
    const T* const images = x + i64{first} * inputs;
    CTNET_UNROLL_4
    for (int i = warp % split * warp_size + lane; i < inputs; i += split * warp_size) {
      const T v = own[i];
      CTNET_UNROLL
      for (int n = 0; n < Images; ++n)
        if (first + n < batch) sum[n] += v * images[i64{n} * inputs + i];
    }
  }
  CTNET_UNROLL
  for (int n = 0; n < Images; ++n) {
    const T v = warp_sum(sum[n]);
    if (lane == 0) sums.of[warp][n] = v;
  }
  sync_block();
  if (row < outputs && warp % split == 0 && lane < Images && first + lane < batch) {
    T v = T(0);
    for (int i = 0; i < split; ++i) v += sums.of[warp + i][lane];
    store(store.row(first + lane), store.place(row), v);
  }
}

template <class T, int Images>
__global__ void __launch_bounds__(256)
    linear_few_data(int batch, int inputs, int outputs, const T* grad, const T* w, LinearDataStore<T> store) {
  auto& sums = shared<FewColumns<T, Images>>();
  const int thread = static_cast<int>(threadIdx.x), warp = thread / warp_size, lane = thread % warp_size;
  const int column = static_cast<int>(blockIdx.x) * warp_size + lane, first = static_cast<int>(blockIdx.y) * Images;
  T sum[Images] = {};
  if (column < inputs) {
    CTNET_UNROLL_4
    for (int o = warp; o < outputs; o += few_warps) {
      const T v = w[i64{o} * inputs + column];
      CTNET_UNROLL
      for (int n = 0; n < Images; ++n)
        if (first + n < batch) sum[n] += v * grad[i64{first + n} * outputs + o];
    }
  }
  CTNET_UNROLL
  for (int n = 0; n < Images; ++n) sums.of[warp][n][lane] = sum[n];
  sync_block();
  if (warp < Images && first + warp < batch && column < inputs) {
    T v = T(0);
    for (int i = 0; i < few_warps; ++i) v += sums.of[i][warp][lane];
    store(store.row(first + warp), store.place(column), v);
  }
}

template <class T>
__global__ void __launch_bounds__(128)
    linear_few_weights(int batch, int inputs, int outputs, const T* grad, const T* x, GradStore<T> store) {
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x),
            first = static_cast<int>(blockIdx.y) * few_rows;
  T own[few_images];
  CTNET_UNROLL
  for (int n = 0; n < few_images; ++n) own[n] = n < batch && column < inputs ? x[i64{n} * inputs + column] : T(0);
  for (int o = first; o < first + few_rows && o < outputs; ++o) {
    T sum = T(0), all = T(0);
    CTNET_UNROLL
    for (int n = 0; n < few_images; ++n)
      if (n < batch) {
        const T g = grad[i64{n} * outputs + o];
        sum += g * own[n];
        all += g;
      }
    if (column < inputs) store(store.row(o), store.place(column), sum);
    if (column == 0 && store.sums) store.sum(o, all);
  }
}

template <class T>
void linear_few(const LinearOp& o, const Forward<T>& a) {
  // As many warps to a row as keep the machine busy.
  const int split = o.out >= few_warps * 2 * multiprocessors || o.in <= 64 ? 1 : o.out >= 2 * multiprocessors ? 2 : 8;
  const LinearStore<T> store{a.out, o.out, o.bias ? a.parameters + i64{o.in} * o.out : nullptr, a.epilogue};
  const unsigned blocks = blocks_for(o.out, few_warps / split);
  if (a.batch == 1)
    launch(a.queue, "linear, one image", &linear_few_forward<T, 1>, Grid{blocks, few_warps * warp_size}, a.batch, o.in,
           o.out, split, a.in[0], a.parameters, store);
  else
    launch(a.queue, "linear, few images", &linear_few_forward<T, 4>,
           Grid{dim3(blocks, blocks_for(a.batch, 4)), few_warps * warp_size}, a.batch, o.in, o.out, split, a.in[0],
           a.parameters, store);
}
template <class T>
void linear_few(const LinearOp& o, const Backward<T>& a) {
  launch(a.queue, "linear, few images, gradient of the weights", &linear_few_weights<T>,
         Grid{dim3(blocks_for(o.in, 128), blocks_for(o.out, few_rows)), 128}, a.batch, o.in, o.out, a.grad_out, a.in[0],
         GradStore<T>{a.grad_parameters, o.in, a.accumulate, o.bias ? a.grad_parameters + i64{o.in} * o.out : nullptr});
  if (a.grad_in[0])
    launch(a.queue, "linear, few images, gradient of the input", &linear_few_data<T, 4>,
           Grid{dim3(blocks_for(o.in, warp_size), blocks_for(a.batch, 4)), few_warps * warp_size}, a.batch, o.in, o.out,
           a.grad_out, a.parameters, LinearDataStore<T>{a.grad_in[0], o.in, a.mask[0]});
}

}  // namespace ctnet::cuda
