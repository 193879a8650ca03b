// SPDX-License-Identifier: MIT
// Batch normalization on the CPU, plane by plane through the targets; the formulas are the reference's. Features (a
// plane of one value) go to the reference.
// On threads the batch comes in chunks. Each pass is cut in three: sums over a chunk, the batch's sums from those of
// all chunks in their order, and the values of a chunk.
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
    const double m = static_cast<double>(a.batch) * o.plane;
    const bool of_batch = a.training && !a.frozen, keeps = Plain::keeps(a);
    for (int c = 0; c < o.c; ++c) {
      T mean = a.statistics[c], var = a.statistics[o.c + c];
      if (of_batch) {
        const Sums s = moments(o, a, c);
        mean = static_cast<T>(s.first / m);
        var = static_cast<T>(s.second / m);
        Plain::update_statistics(o, a, c, mean, static_cast<T>(s.second / (m - 1)));
      }
      const T r = Plain::reciprocal_deviation(o, var);
      if (keeps) {
        a.saved[c] = mean;
        a.saved[o.c + c] = r;
      }
      scale(o, a, c, mean, r);
    }
  }

  static void backward(const BatchNormOp& o, const Backward<T>& a) {
    if (o.plane == 1) return Plain::backward(o, a);
    const double m = static_cast<double>(a.batch) * o.plane;
    for (int c = 0; c < o.c; ++c) {
      const Sums s = products(o, a, c);
      add_parameters(o, a, c, s);
      if (a.grad_in[0]) gradient(o, a, c, s, m);
    }
  }

  // By chunks, in training. `sums` holds sums_size numbers for each chunk, one chunk's after the other's.
  static constexpr i64 sums_size(const BatchNormOp& o) { return 2 * o.c + 1; }

  static void forward_sums(const BatchNormOp& o, const Forward<T>& chunk, double* sums) {
    for (int c = 0; c < o.c; ++c) {
      const Sums s = moments(o, chunk, c);
      sums[c] = s.first;
      sums[o.c + c] = s.second;
    }
    sums[2 * o.c] = static_cast<double>(chunk.batch) * o.plane;
  }
  // The squares of a chunk of n values are about its own mean u, rounded to T. About the batch's they are
  //   sum (x - mean)^2 = sum (x - u)^2 + 2 (u - mean) (sum x - n u) + n (u - mean)^2
  static void forward_finish(const BatchNormOp& o, const Forward<T>& a, const double* sums, int chunks) {
    Plain::expect_two_values(o, a.batch);
    const double m = static_cast<double>(a.batch) * o.plane;
    for (int c = 0; c < o.c; ++c) {
      double sum = 0, squares = 0;
      for (int k = 0; k < chunks; ++k) sum += sums[k * sums_size(o) + c];
      const double mean = sum / m;
      for (int k = 0; k < chunks; ++k) {
        const double* s = sums + k * sums_size(o);
        const double n = s[2 * o.c], u = static_cast<double>(static_cast<T>(s[c] / n)), d = u - mean;
        squares += s[o.c + c] + 2 * d * (s[c] - n * u) + n * d * d;
      }
      Plain::update_statistics(o, a, c, static_cast<T>(mean), static_cast<T>(squares / (m - 1)));
      a.saved[c] = static_cast<T>(mean);
      a.saved[o.c + c] = Plain::reciprocal_deviation(o, static_cast<T>(squares / m));
    }
  }
  static void forward_values(const BatchNormOp& o, const Forward<T>& chunk) {
    for (int c = 0; c < o.c; ++c) scale(o, chunk, c, chunk.saved[c], chunk.saved[o.c + c]);
  }

  static void backward_sums(const BatchNormOp& o, const Backward<T>& chunk, double* sums) {
    for (int c = 0; c < o.c; ++c) {
      const Sums s = products(o, chunk, c);
      sums[c] = s.first;
      sums[o.c + c] = s.second;
    }
  }
  // totals: sums_size numbers, the batch's sums.
  static void backward_finish(const BatchNormOp& o, const Backward<T>& a, const double* sums, int chunks,
                              double* totals) {
    for (int i = 0; i < 2 * o.c; ++i) {
      totals[i] = sums[i];
      for (int k = 1; k < chunks; ++k) totals[i] += sums[k * sums_size(o) + i];
    }
    for (int c = 0; c < o.c; ++c) add_parameters(o, a, c, {totals[c], totals[o.c + c]});
  }
  static void backward_values(const BatchNormOp& o, const Backward<T>& chunk, const double* totals, std::size_t batch) {
    if (!chunk.grad_in[0]) return;
    const double m = static_cast<double>(batch) * o.plane;
    for (int c = 0; c < o.c; ++c) gradient(o, chunk, c, {totals[c], totals[o.c + c]}, m);
  }

 private:
  struct Sums {
    double first = 0, second = 0;
  };

  template <class F>
  static void each_plane(const BatchNormOp& o, int batch, int c, F f) {
    for (int n = 0; n < batch; ++n) f((i64{n} * o.c + c) * o.plane);
  }

  // sum x and sum (x - u)^2, u = the mean rounded to T
  static Sums moments(const BatchNormOp& o, const Forward<T>& a, int c) {
    const T* x = a.in[0];
    Sums s;
    const auto sum_of = CTNET_PICK(sum_of<T>);
    const auto squares = CTNET_PICK(plane_squares<T>);
    each_plane(o, a.batch, c,
               [&](i64 at) { s.first += static_cast<double>(o.plane == 1 ? x[at] : sum_of(x + at, o.plane)); });
    const T u = static_cast<T>(s.first / (static_cast<double>(a.batch) * o.plane));
    each_plane(o, a.batch, c, [&](i64 at) {
      s.second += static_cast<double>(o.plane == 1 ? (x[at] - u) * (x[at] - u) : squares(x + at, o.plane, u));
    });
    return s;
  }
  static void scale(const BatchNormOp& o, const Forward<T>& a, int c, T mean, T r) {
    const auto plane = CTNET_PICK(plane_scale<T>);
    const T weight = a.parameters[c], bias = a.parameters[o.c + c];
    each_plane(o, a.batch, c, [&](i64 at) {
      if (o.plane == 1)
        a.out[at] = weight * ((a.in[0][at] - mean) * r) + bias;
      else
        plane(a.in[0] + at, a.out + at, o.plane, mean, r, weight, bias);
    });
  }
  // sum g and sum g (x - mean) r
  static Sums products(const BatchNormOp& o, const Backward<T>& a, int c) {
    const T mean = a.saved[c], r = a.saved[o.c + c];
    const auto sum_of = CTNET_PICK(sum_of<T>);
    const auto dot = CTNET_PICK(plane_dot<T>);
    Sums s;
    each_plane(o, a.batch, c, [&](i64 at) {
      const T *x = a.in[0] + at, *g = a.grad_out + at;
      s.first += static_cast<double>(o.plane == 1 ? *g : sum_of(g, o.plane));
      s.second += static_cast<double>(o.plane == 1 ? *g * ((*x - mean) * r) : dot(x, g, o.plane, mean, r));
    });
    return s;
  }
  static void add_parameters(const BatchNormOp& o, const Backward<T>& a, int c, const Sums& s) {
    T *grad_weight = a.grad_parameters + c, *grad_bias = a.grad_parameters + o.c + c;
    *grad_weight = (a.accumulate ? *grad_weight : T(0)) + static_cast<T>(s.second);
    *grad_bias = (a.accumulate ? *grad_bias : T(0)) + static_cast<T>(s.first);
  }
  static void gradient(const BatchNormOp& o, const Backward<T>& a, int c, const Sums& s, double m) {
    const auto plane = CTNET_PICK(plane_gradient<T>);
    const T mean = a.saved[c], r = a.saved[o.c + c], weight = a.parameters[c] * r;
    const T g_mean = a.frozen ? T(0) : static_cast<T>(s.first / m),
            gx_mean = a.frozen ? T(0) : static_cast<T>(s.second / m);
    each_plane(o, a.batch, c, [&](i64 at) {
      const T *x = a.in[0] + at, *g = a.grad_out + at;
      if (o.plane == 1)
        a.grad_in[0][at] = weight * (*g - g_mean - (*x - mean) * r * gx_mean);
      else
        plane(x, g, a.grad_in[0] + at, o.plane, mean, r, weight, g_mean, gx_mean);
    });
  }
};

}  // namespace ctnet
