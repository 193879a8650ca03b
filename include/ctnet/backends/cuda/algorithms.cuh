// SPDX-License-Identifier: MIT
// Passes over a whole buffer (parameters, gradients), v (n), by Thrust. `policy` says where: thrust::host, or
// thrust::cuda::par_nosync.on(stream) and a buffer in device memory. Passes that give a number wait for it, and like
// sorting take temporary memory from the policy's allocator: nothing of this belongs into a captured step. The same
// buffer gives the same bits every time. Compiled by nvcc or, for Thrust's host systems, by any compiler.
#pragma once

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/functional.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>
#include <thrust/transform.h>
#include <thrust/transform_reduce.h>

#include <cmath>
#include <limits>

#include "../../core/act.hpp"
#include "../../core/error.hpp"
#include "../../core/shape.hpp"

namespace ctnet::algorithms {

template <class T>
struct Scale {
  T factor;
  CTNET_HD T operator()(T v) const { return factor * v; }
};
// NaN stays NaN.
template <class T>
struct Clamp {
  T low, high;
  CTNET_HD T operator()(T v) const { return v < low ? low : v > high ? high : v; }
};
template <class T>
struct Magnitude {
  CTNET_HD T operator()(T v) const { return v < 0 ? -v : v; }
};
template <class T>
struct IsLarge {
  T threshold;
  CTNET_HD T operator()(T v) const { return Magnitude<T>{}(v) >= threshold ? T(1) : T(0); }
};
template <class T>
struct Multiply {
  CTNET_HD T operator()(T a, T b) const { return a * b; }
};
template <class T>
struct Activation {
  int act;
  T slope;
  CTNET_HD T operator()(T v) const { return activate(act, v, slope); }
};
template <class T>
struct Wide {
  CTNET_HD double operator()(T v) const { return static_cast<double>(v); }
};
template <class T>
struct Square {
  CTNET_HD double operator()(T v) const { return static_cast<double>(v) * static_cast<double>(v); }
};

// Of the finite values; infinite (the wrong way round) where there is none.
template <class T>
struct Extremes {
  T least = std::numeric_limits<T>::infinity(), most = -std::numeric_limits<T>::infinity();
  i64 not_finite = 0;
};
template <class T>
struct ExtremesOf {
  T least, most;  // of nothing
  CTNET_HD Extremes<T> operator()(T v) const { return v - v == 0 ? Extremes<T>{v, v, 0} : Extremes<T>{least, most, 1}; }
};
template <class T>
struct Widen {
  CTNET_HD Extremes<T> operator()(const Extremes<T>& a, const Extremes<T>& b) const {
    return {a.least < b.least ? a.least : b.least, a.most > b.most ? a.most : b.most, a.not_finite + b.not_finite};
  }
};

// An update rule as optimizers/update.hpp has them, over p, g and Parts parts of the optimizer's state.
template <class Rule, class T, int Parts>
struct Update {
  Rule rule;
  T* p;
  const T* g;
  T* state[Parts > 0 ? Parts : 1];
  CTNET_HD void operator()(i64 i) const {
    static_assert(Parts <= 3);
    if constexpr (Parts == 0) rule(p[i], g[i]);
    if constexpr (Parts == 1) rule(p[i], g[i], state[0][i]);
    if constexpr (Parts == 2) rule(p[i], g[i], state[0][i], state[1][i]);
    if constexpr (Parts == 3) rule(p[i], g[i], state[0][i], state[1][i], state[2][i]);
  }
};

// v = f(v)
template <class Policy, class T, class F>
void transform(const Policy& policy, T* v, i64 n, F f) {
  thrust::transform(policy, v, v + n, v, f);
}
template <class Policy, class T>
void scale(const Policy& policy, T* v, i64 n, T factor) {
  transform(policy, v, n, Scale<T>{factor});
}
template <class Policy, class T>
void clamp(const Policy& policy, T* v, i64 n, T low, T high) {
  transform(policy, v, n, Clamp<T>{low, high});
}
// act: an Act; slope: leaky_relu's.
template <class Policy, class T>
void activate(const Policy& policy, T* v, i64 n, int act, T slope = 0) {
  transform(policy, v, n, Activation<T>{act, slope});
}

template <class Policy, class T>
double sum(const Policy& policy, const T* v, i64 n) {
  return thrust::transform_reduce(policy, v, v + n, Wide<T>{}, 0.0, thrust::plus<double>{});
}
// The sum of squares, in double.
template <class Policy, class T>
double squared_norm(const Policy& policy, const T* v, i64 n) {
  return thrust::transform_reduce(policy, v, v + n, Square<T>{}, 0.0, thrust::plus<double>{});
}
template <class Policy, class T>
Extremes<T> extremes(const Policy& policy, const T* v, i64 n) {
  const Extremes<T> none;
  return thrust::transform_reduce(policy, v, v + n, ExtremesOf<T>{none.least, none.most}, none, Widen<T>{});
}

// The magnitude of the `kept`-th largest of n finite values, 1 <= kept <= n: what is not smaller are at least `kept`
// values, more where several are equal. scratch (n) is overwritten. Throws Error where `kept` is out of its range.
template <class Policy, class T>
T magnitude_threshold(const Policy& policy, const T* v, i64 n, i64 kept, T* scratch) {
  if (kept < 1 || kept > n) fail("magnitude_threshold: ", kept, " values are to be kept, expected 1 to ", n);
  thrust::transform(policy, v, v + n, scratch, Magnitude<T>{});
  thrust::sort(policy, scratch, scratch + n, thrust::greater<T>{});
  return thrust::reduce(policy, scratch + kept - 1, scratch + kept, T(0), thrust::maximum<T>{});
}
// mask = 1 where |v| >= threshold, else 0
template <class Policy, class T>
void magnitude_mask(const Policy& policy, const T* v, i64 n, T threshold, T* mask) {
  thrust::transform(policy, v, v + n, mask, IsLarge<T>{threshold});
}
// v *= by: parameters or their gradients by a mask
template <class Policy, class T>
void multiply(const Policy& policy, T* v, const T* by, i64 n) {
  thrust::transform(policy, v, v + n, by, v, Multiply<T>{});
}

// One step of an update rule; state: as many parts as the rule has.
template <class Policy, class Rule, class T, class... State>
void update(const Policy& policy, const Rule& rule, i64 n, T* p, const T* g, State*... state) {
  const Update<Rule, T, static_cast<int>(sizeof...(State))> one{rule, p, g, {state...}};
  thrust::for_each_n(policy, thrust::counting_iterator<i64>(0), n, one);
}

}  // namespace ctnet::algorithms
