// SPDX-License-Identifier: MIT
// The definition of batch normalization, per channel over m = N plane values:
//   training: mean = sum x / m, var = sum (x - mean)^2 / m;  else the running ones
//   y = weight (x - mean) r + bias,  r = 1 / sqrt(var + eps);  running += momentum (batch - running), var times m / (m
//   - 1) dx = weight r (dy - (sum dy + xn sum dy xn) / m),  dweight = sum dy xn,  dbias = sum dy,  xn = (x - mean) r
// Saved from forward to backward: mean (C), r (C). A frozen layer is trained with the running mean and variance, which
// are constants: dx = weight r dy.
#pragma once

#include <cmath>

#include "../../backends/kernel.hpp"
#include "../../backends/reference/reference.hpp"
#include "../../core/error.hpp"
#include "op.hpp"

#include "../../core/begin_precise.hpp"

namespace ctnet {

template <class T>
struct Kernel<BatchNormOp, Reference<T>> {
  static void forward(const BatchNormOp& o, const Forward<T>& a) {
    const T* weight = a.parameters;
    const T* bias = a.parameters + o.c;
    const double m = static_cast<double>(a.batch) * o.plane;
    const bool of_batch = a.training && !a.frozen;
    if (of_batch) expect_two_values(o, a.batch);
    for (int c = 0; c < o.c; ++c) {
      T mean = a.statistics[c], var = a.statistics[o.c + c];
      if (of_batch) {
        double sum = 0, squares = 0;
        each(o, a.batch, c, [&](i64 i) { sum += static_cast<double>(a.in[0][i]); });
        const double mu = sum / m;
        each(o, a.batch, c, [&](i64 i) {
          const double d = static_cast<double>(a.in[0][i]) - mu;
          squares += d * d;
        });
        mean = static_cast<T>(mu);
        var = static_cast<T>(squares / m);
        update_statistics(o, a, c, mean, static_cast<T>(squares / (m - 1)));
      }
      const T r = reciprocal_deviation(o, var);
      if (keeps(a)) {
        a.saved[c] = mean;
        a.saved[o.c + c] = r;
      }
      each(o, a.batch, c, [&](i64 i) { a.out[i] = weight[c] * ((a.in[0][i] - mean) * r) + bias[c]; });
    }
  }
  static void backward(const BatchNormOp& o, const Backward<T>& a) {
    const double m = static_cast<double>(a.batch) * o.plane;
    for (int c = 0; c < o.c; ++c) {
      const T mean = a.saved[c], r = a.saved[o.c + c];
      double sum_g = 0, sum_gx = 0;
      each(o, a.batch, c, [&](i64 i) {
        sum_g += static_cast<double>(a.grad_out[i]);
        sum_gx += static_cast<double>(a.grad_out[i] * ((a.in[0][i] - mean) * r));
      });
      T *grad_weight = a.grad_parameters + c, *grad_bias = a.grad_parameters + o.c + c;
      *grad_weight = (a.accumulate ? *grad_weight : T(0)) + static_cast<T>(sum_gx);
      *grad_bias = (a.accumulate ? *grad_bias : T(0)) + static_cast<T>(sum_g);
      if (!a.grad_in[0]) continue;
      const T scale = a.parameters[c] * r;
      const T g_mean = a.frozen ? T(0) : static_cast<T>(sum_g / m),
              gx_mean = a.frozen ? T(0) : static_cast<T>(sum_gx / m);
      each(o, a.batch, c,
           [&](i64 i) { a.grad_in[0][i] = scale * (a.grad_out[i] - g_mean - (a.in[0][i] - mean) * r * gx_mean); });
    }
  }

  // Shared with the other backends' kernels.
  // Whether mean and r are saved: of a frozen layer by the first chunk of the batch, for all of them are the same.
  static bool keeps(const Forward<T>& a) { return a.training && !(a.frozen && a.draw.image > 0); }
  static void expect_two_values(const BatchNormOp& o, int batch) {
    if (i64{batch} * o.plane < 2)
      fail("BatchNorm<", o.c, "> cannot be trained on 1 value per channel, expected at least 2");
  }
  static T reciprocal_deviation(const BatchNormOp& o, T var) {
    return T(1) / std::sqrt(var + static_cast<T>(o.eps_numerator) / static_cast<T>(o.eps_denominator));
  }
  static void update_statistics(const BatchNormOp& o, const Forward<T>& a, int c, T mean, T unbiased_var) {
    const T momentum = static_cast<T>(o.momentum_numerator) / static_cast<T>(o.momentum_denominator);
    a.statistics[c] += momentum * (mean - a.statistics[c]);
    a.statistics[o.c + c] += momentum * (unbiased_var - a.statistics[o.c + c]);
  }

 private:
  template <class F>
  static void each(const BatchNormOp& o, int batch, int c, F f) {
    for (int n = 0; n < batch; ++n)
      for (int i = 0; i < o.plane; ++i) f((i64{n} * o.c + c) * o.plane + i);
  }
};

}  // namespace ctnet

#include "../../core/end_precise.hpp"
