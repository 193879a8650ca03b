// SPDX-License-Identifier: MIT
// What the kernels of batch normalization share: a walk over one channel's values, x(n, c, i) for all n and i, cut into
// ranges, and the step from a channel's sums to its mean and variance.
#pragma once

#include "../../backends/cuda/arguments.cuh"
#include "../../backends/cuda/launch.cuh"
#include "../../backends/cuda/pack.cuh"
#include "op.hpp"

namespace ctnet::cuda {

// The pack that is number `first` in its channel, then every `step`-th: `at` is where it begins. V divides plane.
// Index: i64, or int where that is enough for all places.
template <int V, class Index = i64>
class ChannelWalk {
 public:
  __device__ ChannelWalk(const BatchNormOp& o, int channel, Index first, int step)
      : packs_(o.plane / V), image_(static_cast<Index>(o.c) * o.plane) {
    const Index n = first / packs_;
    i_ = static_cast<int>(first - n * packs_);
    at = n * image_ + static_cast<Index>(channel) * o.plane + static_cast<Index>(i_) * V;
    images_ = step / packs_;
    rest_ = step - images_ * packs_;
  }
  __device__ void next() {
    at += images_ * image_ + rest_ * V;
    i_ += rest_;
    if (i_ >= packs_) {
      i_ -= packs_;
      at += image_ - static_cast<Index>(packs_) * V;
    }
  }

  Index at;

 private:
  int packs_;  // of a plane
  Index image_;
  int i_, images_, rest_;
};

// The packs of a channel in `parts` ranges that differ in length by at most one.
struct Range {
  i64 first, last;
};
CTNET_HD inline Range range_of(i64 packs, int parts, int part) {
  const i64 each = packs / parts, longer = packs % parts;
  const i64 first = part * each + (part < longer ? part : longer);
  return {first, first + each + (part < longer ? 1 : 0)};
}

template <class T>
struct NormForward {
  BatchNormOp op;
  int batch;
  const T *in, *parameters;
  T *out, *statistics, *saved;
  Epilogue<T> epilogue;
  bool frozen;  // trained with the running statistics
};
template <class T>
struct NormBackward {
  BatchNormOp op;
  int batch;
  const T *in, *grad, *parameters, *saved;
  T *grad_in, *grad_parameters;
  bool accumulate;
  Mask<T> mask;
  bool frozen;
};

// Of n values: their mean and the sum of (x - mean)^2.
struct Moments {
  double mean, squares;
};
// y = weight (x - mean) r + bias
template <class T>
struct Normalize {
  T mean, r, weight, bias;
  __device__ T operator()(T x) const { return weight * ((x - mean) * r) + bias; }
};

// From a batch's moments, over m values a channel; `keep`: this thread writes what is to be kept of them.
template <class T>
__device__ Normalize<T> trained(const NormForward<T>& a, int c, const Moments& of, double m, bool keep) {
  const BatchNormOp& o = a.op;
  const T mean = static_cast<T>(of.mean), var = static_cast<T>(of.squares / m);
  const T r = T(1) / std::sqrt(var + static_cast<T>(o.eps_numerator) / static_cast<T>(o.eps_denominator));
  if (keep) {
    const T momentum = static_cast<T>(o.momentum_numerator) / static_cast<T>(o.momentum_denominator);
    const T unbiased = static_cast<T>(of.squares / (m - 1));
    T *running_mean = a.statistics + c, *running_var = running_mean + o.c;
    *running_mean += momentum * (mean - *running_mean);
    *running_var += momentum * (unbiased - *running_var);
    a.saved[c] = mean;
    a.saved[o.c + c] = r;
  }
  return {mean, r, a.parameters[c], a.parameters[o.c + c]};
}
// From the running statistics; what a frozen layer keeps of them for backward, thread `keep` writes.
template <class T>
__device__ Normalize<T> evaluated(const NormForward<T>& a, int c, bool keep) {
  const BatchNormOp& o = a.op;
  const T eps = static_cast<T>(o.eps_numerator) / static_cast<T>(o.eps_denominator);
  const T mean = a.statistics[c], r = T(1) / std::sqrt(a.statistics[o.c + c] + eps);
  if (keep && a.frozen) {
    a.saved[c] = mean;
    a.saved[o.c + c] = r;
  }
  return {mean, r, a.parameters[c], a.parameters[o.c + c]};
}

// Activations that are a comparison. The others are so much code that it is not wanted for each of many registers:
// there values are stored without them first.
CTNET_HD constexpr bool is_comparison(int act) {
  return act == no_act || act == static_cast<int>(Act::relu) || act == static_cast<int>(Act::leaky_relu);
}
template <class T>
__device__ T compare(int act, T v, T slope) {
  if (act == static_cast<int>(Act::relu)) return v < 0 ? T(0) : v;
  if (act == static_cast<int>(Act::leaky_relu)) return v > 0 ? v : slope * v;
  return v;
}
template <class T>
__device__ T compare_derivative(int act, T y, T slope) {
  if (act == no_act || y > 0) return T(1);
  if (act == static_cast<int>(Act::relu)) return T(0);
  return act == static_cast<int>(Act::leaky_relu) ? slope : T(1);
}

template <int V, class T>
__device__ void finish_pack(const NormForward<T>& a, const Normalize<T>& f, Pack<T, V> x, i64 at) {
  Pack<T, V> add{};
  if (a.epilogue.add) add = load_pack<V>(a.epilogue.add + at);
  for (int j = 0; j < V; ++j) x.v[j] = compare(a.epilogue.act, f(x.v[j]) + add.v[j], a.epilogue.slope);
  store_pack(a.out + at, x);
}
template <int V, class T>
__device__ void activate_pack(const NormForward<T>& a, i64 at) {
  Pack<T, V> y = load_pack<V>(a.out + at);
  for (int j = 0; j < V; ++j) y.v[j] = activate(a.epilogue.act, y.v[j], a.epilogue.slope);
  store_pack(a.out + at, y);
}

// dx = weight r (g - mean of g - xn mean of g xn), xn = (x - mean) r
template <class T>
struct Gradient {
  T mean, r, scale, g, gx;
  __device__ T normalized(T x) const { return (x - mean) * r; }
  __device__ T operator()(T x, T grad) const { return scale * (grad - g - normalized(x) * gx); }
};
// sums: of g and of g xn, over m values.
template <class T>
__device__ void differentiate(const NormBackward<T>& a, int c, double sum_g, double sum_gx, double m, bool keep,
                              Gradient<T>& f) {
  if (keep) {
    T *weight = a.grad_parameters + c, *bias = weight + a.op.c;
    *weight = (a.accumulate ? *weight : T(0)) + static_cast<T>(sum_gx);
    *bias = (a.accumulate ? *bias : T(0)) + static_cast<T>(sum_g);
  }
  if (a.frozen) return;  // mean and r are constants
  f.g = static_cast<T>(sum_g / m);
  f.gx = static_cast<T>(sum_gx / m);
}
template <class T>
__device__ Gradient<T> undone(const NormBackward<T>& a, int c) {
  const T mean = a.saved[c], r = a.saved[a.op.c + c];
  return {mean, r, a.parameters[c] * r, T(0), T(0)};
}
template <int V, class T>
__device__ void finish_pack(const NormBackward<T>& a, const Gradient<T>& f, const Pack<T, V>& x, Pack<T, V> g, i64 at) {
  Pack<T, V> y{};
  if (a.mask.act != no_act) y = load_pack<V>(a.mask.y + at);
  for (int j = 0; j < V; ++j) g.v[j] = f(x.v[j], g.v[j]) * compare_derivative(a.mask.act, y.v[j], a.mask.slope);
  store_pack(a.grad_in + at, g);
}
template <int V, class T>
__device__ void mask_pack(const NormBackward<T>& a, i64 at) {
  Pack<T, V> g = load_pack<V>(a.grad_in + at), y = load_pack<V>(a.mask.y + at);
  for (int j = 0; j < V; ++j) g.v[j] *= derivative(a.mask.act, y.v[j], a.mask.slope);
  store_pack(a.grad_in + at, g);
}

}  // namespace ctnet::cuda
