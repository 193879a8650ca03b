// SPDX-License-Identifier: MIT
// The losses that go element by element: value = scale sum over i of l(x(i), y(i)), g(i) = dl/dx scale. One launch,
// bound by memory: reads x and y, writes g where it is wanted. l in the logits' type, sums in double, as on the CPU.
#pragma once

#include "../losses.hpp"
#include "cuda_call.cuh"

namespace ctnet::cuda {

// l(x, y) of element i; sets g. The formulas and names are hot.inl's.
template <class T>
struct SquaredError {
  T factor;
  __device__ T operator()(T x, T y, i64, T& g) const {
    const T d = x - y;
    g = d * factor;
    return d * d;
  }
};
template <class T>
struct SmoothL1Of {
  T factor, beta, inverse;
  __device__ T operator()(T x, T y, i64, T& g) const {
    const T d = x - y, size = d < 0 ? -d : d;
    const bool near = size < beta;
    g = (near ? d * inverse : d > 0 ? T(1) : d < 0 ? T(-1) : d) * factor;  // a NaN stays one
    return near ? T(0.5) * d * d * inverse : size - T(0.5) * beta;
  }
};
template <class T>
struct BceWithLogitsOf {
  T factor;
  const float *weight, *pos_weight;  // as many as said below: 0, 1 or one for each class
  int weights, pos_weights;
  i64 classes, plane;
  __device__ T operator()(T x, T y, i64 i, T& g) const {
    const i64 c = weights > 1 || pos_weights > 1 ? i / plane % classes : 0;
    const T w = weights > 0 ? static_cast<T>(weight[weights > 1 ? c : 0]) : T(1);
    const T extra = pos_weights > 0 ? static_cast<T>(pos_weight[pos_weights > 1 ? c : 0]) - T(1) : T(0);
    const T e = std::exp(x < 0 ? x : -x), q = T(1) + extra * y;
    g = w * (T(1) - y - q * (x < 0 ? T(1) : e) / (T(1) + e)) * factor;
    return w * ((T(1) - y) * x + q * (std::log1p(e) + (x < 0 ? -x : T(0))));
  }
};

// The function of a loss's elements, made from its options: value = sum of it / (elements * divisor).
template <class Loss, class T>
struct LossElements;

template <class T>
struct LossElements<MeanSquaredError, T> {
  double divisor;
  explicit LossElements(const MeanSquaredError& loss) : divisor(loss.half ? 2 : 1) {}
  SquaredError<T> function(LossExtents, double whole) const { return {static_cast<T>(2 / whole)}; }
};
template <class T>
struct LossElements<SmoothL1, T> {
  double divisor = 1;
  T beta;
  explicit LossElements(const SmoothL1& loss) : beta(static_cast<T>(loss.beta)) {}
  SmoothL1Of<T> function(LossExtents, double whole) const {
    return {static_cast<T>(1 / whole), beta, beta > 0 ? T(1) / beta : T(0)};
  }
};
template <class T>
struct LossElements<BinaryCrossEntropyWithLogits, T> {
  double divisor = 1;
  LossNumbers weight, pos_weight;
  explicit LossElements(const BinaryCrossEntropyWithLogits& loss) : weight(loss.weight), pos_weight(loss.pos_weight) {}
  BceWithLogitsOf<T> function(LossExtents d, double whole) const {
    return {static_cast<T>(1 / whole), weight.data(),         pos_weight.data(),    weight.size(),
            pos_weight.size(),         static_cast<i64>(d.c), static_cast<i64>(d.s)};
  }
};

inline constexpr int element_threads = 256, element_each = 4;

template <class F, class T>
__device__ void elements(const F& f, const T* x, const T* y, T* g, i64 n, double whole, const LossParts& parts,
                         const LossBlocks& at) {
  double sum = 0;
  const i64 stretch = i64{at.blocks} * element_threads;
  for (i64 from = i64{at.block} * element_threads + threadIdx.x; from < n; from += element_each * stretch) {
    T a[element_each], b[element_each];
    for (int k = 0; k < element_each; ++k)
      if (from + k * stretch < n) a[k] = x[from + k * stretch], b[k] = y[from + k * stretch];
    for (int k = 0; k < element_each; ++k)
      if (from + k * stretch < n) {
        T gradient;
        sum += static_cast<double>(f(a[k], b[k], from + k * stretch, gradient));
        if (g) g[from + k * stretch] = gradient;
      }
  }
  finish_loss(parts, at, sum, 0, whole, static_cast<double>(n));
}
template <class F, class T>
__global__ void __launch_bounds__(element_threads)
    elements_kernel(F f, const T* x, const T* y, T* g, i64 n, double whole, LossParts parts) {
  elements(f, x, y, g, n, whole, parts, loss_grid());
}

template <class F, class T>
void queue_elements(const Queue& queue, const char* name, const F& f, const T* x, const T* y, T* g, LossExtents d,
                    double whole, const LossParts& parts) {
  const auto n = static_cast<i64>(d.n * d.c * d.s);
  const i64 blocks = ceil_div(n, element_threads * element_each);
  launch(queue, name, &elements_kernel<F, T>,
         Grid{static_cast<unsigned>(blocks < 1                  ? 1
                                    : blocks > most_loss_blocks ? most_loss_blocks
                                                                : blocks),
              element_threads},
         f, x, y, g, n, whole, parts);
}

}  // namespace ctnet::cuda
