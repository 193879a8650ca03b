// SPDX-License-Identifier: MIT
// Batch normalization on the CPU, plane by plane through the targets; the formulas are the reference's. Features (a
// plane of one value) go to the reference.
#pragma once

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/gemm.hpp"
#include "reference.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/norm/hot.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class T>
struct Kernel<BatchNormOp, Cpu<T>> {
  using Plain = Kernel<BatchNormOp, Reference<T>>;

  static void forward(const BatchNormOp& o, const Forward<T>& a) {
    if (o.plane == 1) return Plain::forward(o, a);
    const auto scale = CTNET_PICK(plane_scale<T>);
    const double m = static_cast<double>(a.batch) * o.plane;
    for (int c = 0; c < o.c; ++c) {
      T mean = a.statistics[c], var = a.statistics[o.c + c];
      if (a.training) {
        double sum = 0, squares = 0;
        each_plane(o, a.batch, c,
                   [&](i64 at) { sum += static_cast<double>(CTNET_PICK(sum_of<T>)(a.in[0] + at, o.plane)); });
        mean = static_cast<T>(sum / m);
        each_plane(o, a.batch, c, [&](i64 at) {
          squares += static_cast<double>(CTNET_PICK(plane_squares<T>)(a.in[0] + at, o.plane, mean));
        });
        var = static_cast<T>(squares / m);
        Plain::update_statistics(o, a, c, mean, static_cast<T>(squares / (m - 1)));
      }
      const T r = Plain::reciprocal_deviation(o, var);
      if (a.training) {
        a.saved[c] = mean;
        a.saved[o.c + c] = r;
      }
      each_plane(o, a.batch, c, [&](i64 at) {
        scale(a.in[0] + at, a.out + at, o.plane, mean, r, a.parameters[c], a.parameters[o.c + c]);
      });
    }
  }

  static void backward(const BatchNormOp& o, const Backward<T>& a) {
    if (o.plane == 1) return Plain::backward(o, a);
    const auto dot = CTNET_PICK(plane_dot<T>);
    const auto gradient = CTNET_PICK(plane_gradient<T>);
    const double m = static_cast<double>(a.batch) * o.plane;
    for (int c = 0; c < o.c; ++c) {
      const T mean = a.saved[c], r = a.saved[o.c + c];
      double sum_g = 0, sum_gx = 0;
      each_plane(o, a.batch, c, [&](i64 at) {
        sum_g += static_cast<double>(CTNET_PICK(sum_of<T>)(a.grad_out + at, o.plane));
        sum_gx += static_cast<double>(dot(a.in[0] + at, a.grad_out + at, o.plane, mean, r));
      });
      T *grad_weight = a.grad_parameters + c, *grad_bias = a.grad_parameters + o.c + c;
      *grad_weight = (a.accumulate ? *grad_weight : T(0)) + static_cast<T>(sum_gx);
      *grad_bias = (a.accumulate ? *grad_bias : T(0)) + static_cast<T>(sum_g);
      if (!a.grad_in[0]) continue;
      each_plane(o, a.batch, c, [&](i64 at) {
        gradient(a.in[0] + at, a.grad_out + at, a.grad_in[0] + at, o.plane, mean, r, a.parameters[c] * r,
                 static_cast<T>(sum_g / m), static_cast<T>(sum_gx / m));
      });
    }
  }

 private:
  template <class F>
  static void each_plane(const BatchNormOp& o, int batch, int c, F f) {
    for (int n = 0; n < batch; ++n) f((i64{n} * o.c + c) * o.plane);
  }
};

}  // namespace ctnet
