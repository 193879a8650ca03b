// SPDX-License-Identifier: MIT
// The one suite that every backend's kernels pass: against the plain loops in double, on guarded memory, for batches of
// 1, 3 and 7; and the gradient check of the plain loops themselves by central differences.
#pragma once

#include <cmath>

#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/backends/reference/reference.hpp>

#include "../support/compare.hpp"
#include "../support/targets.hpp"
#include "run.hpp"

namespace test {

using ctnet::Cpu;
using ctnet::Reference;

inline Doubles doubled(Doubles v) {
  for (double& e : v) e *= 2;
  return v;
}

template <class T, class Op>
void conforms(const KernelUnderTest<Op, T>& kernel, const Case<Op>& c, const Inputs& in, const Outputs& want,
              const std::string& backend) {
  const double bound = layer_bound<T>;
  for (const Flush flush : {Flush::end, Flush::start})
    for (const bool in_place : {false, true})
      for (int without = -1; without < static_cast<int>(c.in.size()); ++without) {
        if (in_place && !c.traits.in_place) continue;
        if (flush == Flush::start && without >= 0) continue;  // the same code
        const std::string what = c.name + ", batch " + std::to_string(in.batch) + ", " + backend +
                                 (in_place ? ", in place" : "") + (without >= 0 ? ", no input gradient" : "");
        INFO(what);  // printed where the memory traps
        const Outputs got = run_kernel(kernel, c, in, {flush, in_place, without});
        check_close(got.y, want.y, bound, what + ": forward");
        check_close(got.y_predict, want.y_predict, bound, what + ": predict");
        check_close(got.statistics, want.statistics, bound, what + ": statistics");
        for (std::size_t j = 0; j < c.in.size(); ++j)
          if (static_cast<int>(j) != without)
            check_close(got.grad_x[j], want.grad_x[j], bound, what + ": gradient of input " + std::to_string(j),
                        c.saturates ? 1 : 0);
        check_close(got.grad_parameters, want.grad_parameters, bound, what + ": gradient of the parameters");
        check_close(got.grad_parameters_twice, doubled(want.grad_parameters), bound, what + ": gradient added up");
        if (without == -1 && flush == Flush::end) {
          const Outputs again = run_kernel(kernel, c, in, {flush, in_place, without});
          check_same_bits(again.y, got.y, what + ": forward once more");
          check_same_bits(again.grad_parameters, got.grad_parameters, what + ": backward once more");
        }
      }
}

// V: the kernel's variant.
template <class B, int V = 0, class Op>
void conforms(const std::vector<Case<Op>>& cases, const std::vector<int>& batches = {1, 3, 7}) {
  for (const Case<Op>& c : cases)
    for (const int batch : batches) {
      if (c.traits.saved > 0 && batch * c.out.plane() < 2) continue;  // no batch statistics of one value
      const Inputs in = inputs_of(c, batch);
      const Outputs want = run<Reference<double>>(c, in);
      on_every_target<B>([&](const std::string& backend) { conforms(kernel_for<B, V>(c.op), c, in, want, backend); });
    }
}
template <class Op>
void conforms_everywhere(const std::vector<Case<Op>>& cases, const std::vector<int>& batches = {1, 3, 7}) {
  conforms<Reference<float>>(cases, batches);
  conforms<Cpu<double>>(cases, batches);
  conforms<Cpu<float>>(cases, batches);
}

// d/dv of sum(g y) by (f(v + h) - f(v - h)) / 2h, in double, within 1e-6 of the largest; every element of small
// tensors, a hundred of large ones.
template <class B, class Op>
void gradients_are_right(const Case<Op>& c, int batch, const std::string& backend) {
  Inputs in = inputs_of(c, batch);
  for (std::size_t j = 0; j < in.x.size(); ++j) {
    in.x[j] = distinct_values(j + 1, in.x[j].size());
    for (double& v : in.x[j]) v = v * c.scale + c.offset;
  }
  const Outputs out = run<B>(c, in);
  auto f = [&] {
    std::vector<const double*> x;
    Doubles y(in.grad_out.size()), statistics = in.statistics, saved(static_cast<std::size_t>(c.traits.saved));
    Doubles scratch(static_cast<std::size_t>(scratch_of<Op, B>(c.op)));
    ctnet::Forward<double> a;
    a.batch = batch;
    a.training = true;
    for (std::size_t j = 0; j < in.x.size(); ++j) a.in[j] = in.x[j].data();
    a.out = y.data();
    a.parameters = in.parameters.data();
    a.statistics = statistics.data();
    a.saved = saved.data();
    a.scratch = scratch.data();
    a.draw = in.draw;
    ctnet::Kernel<Op, B>::forward(c.op, a);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * in.grad_out[i];
    return sum;
  };
  auto probe = [&](Doubles& v, const Doubles& gradient, const std::string& of) {
    const std::size_t step = v.size() <= 200 ? 1 : v.size() / 100;
    Doubles got, want;
    double largest = 0;
    for (const double g : gradient) largest = std::fmax(largest, std::fabs(g));
    for (std::size_t i = 0; i < v.size(); i += step) {
      const double middle = v[i], h = 1e-4 * c.scale;
      v[i] = middle + h;
      const double above = f();
      v[i] = middle - h;
      want.push_back((above - f()) / (2 * h));
      v[i] = middle;
      got.push_back(gradient[i]);
    }
    got.push_back(largest), want.push_back(largest);  // so that "largest" is the whole tensor's
    check_close(got, want, 1e-6,
                c.name + ", batch " + std::to_string(batch) + ", " + backend + ": central differences by " + of);
  };
  for (std::size_t j = 0; j < in.x.size(); ++j) probe(in.x[j], out.grad_x[j], "input " + std::to_string(j));
  probe(in.parameters, out.grad_parameters, "parameters");
}

template <class Op>
void gradients_are_right(const std::vector<Case<Op>>& cases, const std::vector<int>& batches = {1, 3}) {
  for (const Case<Op>& c : cases)
    for (const int batch : batches) {
      if (c.traits.saved > 0 && batch * c.out.plane() < 2) continue;
      gradients_are_right<Reference<double>>(c, batch, "Reference<double>");
      on_every_target<Cpu<double>>(
          [&](const std::string& backend) { gradients_are_right<Cpu<double>>(c, batch, backend); });
    }
}

}  // namespace test
