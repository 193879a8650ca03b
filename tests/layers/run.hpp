// SPDX-License-Identifier: MIT
// Calls a layer's kernels as the engine does, but with every tensor in guarded memory of exactly its size, results
// poisoned beforehand, and what the layer does not ask to be kept for backward inaccessible. Results come back in
// double.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/backends/kernel.hpp>

#include "../support/guarded.hpp"
#include "../support/values.hpp"
#include "case.hpp"

namespace test {

using Doubles = std::vector<double>;

// Every number is exact in float.
struct Inputs {
  int batch = 1;
  std::vector<Doubles> x;  // one for each input of the operation
  Doubles parameters, statistics, grad_out;
  ctnet::Draw draw{7, 1, 2};
};

template <class Op>
Inputs inputs_of(const Case<Op>& c, int batch) {
  Inputs in;
  in.batch = batch;
  const auto n = static_cast<std::size_t>(batch);
  for (std::size_t j = 0; j < c.in.size(); ++j)
    in.x.push_back(values(c.name + (j == 0 ? ".x" : ".x" + std::to_string(j)),
                          n * static_cast<std::size_t>(c.in[j].size()), c.scale, c.offset));
  in.parameters = values(c.name + ".parameters", static_cast<std::size_t>(c.parameters), 0.5);
  const auto half = static_cast<std::size_t>(c.statistics / 2);
  in.statistics = values(c.name + ".running_mean", half, 0.5);
  for (const double v : values(c.name + ".running_var", half, 0.5, 1)) in.statistics.push_back(v);
  in.grad_out = values(c.name + ".grad", n * static_cast<std::size_t>(c.out.size()));
  return in;
}

struct Outputs {
  Doubles y;           // training mode
  Doubles statistics;  // after that
  Doubles y_predict;   // evaluation mode, with the statistics from before
  std::vector<Doubles> grad_x;
  Doubles grad_parameters;        // of one backward
  Doubles grad_parameters_twice;  // after a second one that accumulates
};

struct Manner {
  Flush flush = Flush::end;
  bool in_place = false;     // for layers that allow it
  int without_grad_in = -1;  // nobody wants the gradient of this input
};

// A kernel: Kernel<Op, B> itself, or one of its variants.
template <class Op, class T>
struct KernelUnderTest {
  void (*forward)(const Op&, const ctnet::Forward<T>&);
  void (*backward)(const Op&, const ctnet::Backward<T>&);
  i64 scratch;
};
template <class B, int V = 0, class Op>
KernelUnderTest<Op, typename B::scalar> kernel_for(const Op& op) {
  using K = ctnet::KernelVariant<Op, B, V>;
  KernelUnderTest<Op, typename B::scalar> kernel{&K::forward, &K::backward, 0};
  if constexpr (requires { K::scratch(op); }) kernel.scratch = K::scratch(op);
  return kernel;
}

template <class T, class Op>
Outputs run_kernel(const KernelUnderTest<Op, T>& kernel, const Case<Op>& c, const Inputs& in,
                   const Manner& manner = {}) {
  using Block = Guarded<T>;
  const auto n = static_cast<std::size_t>(in.batch), out_size = n * static_cast<std::size_t>(c.out.size());
  const Flush flush = manner.flush;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const int inputs = static_cast<int>(c.in.size());

  std::vector<Block> x, grad_x;
  for (const Doubles& v : in.x) {
    x.emplace_back(v, flush);
    grad_x.emplace_back(v.size(), flush);
  }
  const Block parameters(in.parameters, flush), grad_out(in.grad_out, flush);
  Block statistics(in.statistics, flush), y_own(out_size, flush), grad_parameters(in.parameters.size(), flush);
  Block saved(static_cast<std::size_t>(c.traits.saved), flush);
  Block scratch(static_cast<std::size_t>(kernel.scratch), flush);
  Block& y = manner.in_place ? x[0] : y_own;

  Outputs out;
  auto copied = [](const Block& b) { return Doubles(b.begin(), b.end()); };

  ctnet::Forward<T> f;
  f.batch = in.batch;
  for (int j = 0; j < inputs; ++j) f.in[j] = x[static_cast<std::size_t>(j)].data();
  f.out = y.data();
  f.parameters = parameters.data();
  f.statistics = statistics.data();
  f.saved = saved.data();
  f.scratch = scratch.data();
  f.draw = in.draw;
  kernel.forward(c.op, f);  // evaluation mode
  out.y_predict = copied(y);
  CHECK_MESSAGE(copied(statistics) == in.statistics, c.name, ": predict changed the running statistics");

  y_own.fill(nan);
  saved.fill(nan);
  scratch.fill(nan);
  x[0].assign(in.x[0]);
  f.training = true;
  kernel.forward(c.op, f);
  out.y = copied(y);
  out.statistics = copied(statistics);

  scratch.fill(nan);
  grad_parameters.fill(nan);
  ctnet::Backward<T> b;
  b.batch = in.batch;
  for (int j = 0; j < inputs; ++j) {
    b.in[j] = c.traits.keeps_input ? x[static_cast<std::size_t>(j)].data() : forbidden<T>();
    b.grad_in[j] = j == manner.without_grad_in ? nullptr : grad_x[static_cast<std::size_t>(j)].data();
  }
  if (manner.in_place && manner.without_grad_in != 0) {
    grad_x[0].assign(in.grad_out);
    b.grad_out = grad_x[0].data();
  } else {
    b.grad_out = grad_out.data();
  }
  b.out = c.traits.keeps_output ? y.data() : forbidden<T>();
  b.parameters = parameters.data();
  b.grad_parameters = grad_parameters.data();
  b.saved = saved.data();
  b.scratch = scratch.data();
  b.draw = in.draw;
  kernel.backward(c.op, b);
  for (const Block& g : grad_x) out.grad_x.push_back(copied(g));
  out.grad_parameters = copied(grad_parameters);

  if (manner.in_place) grad_x[0].assign(in.grad_out);
  b.accumulate = true;
  kernel.backward(c.op, b);
  out.grad_parameters_twice = copied(grad_parameters);

  bool intact = parameters.intact() && grad_out.intact() && statistics.intact() && y_own.intact() &&
                grad_parameters.intact() && saved.intact() && scratch.intact();
  for (const Block& v : x) intact = intact && v.intact();
  for (const Block& v : grad_x) intact = intact && v.intact();
  CHECK_MESSAGE(intact, c.name, ": wrote beside its tensors");
  CHECK_MESSAGE(copied(parameters) == in.parameters, c.name, ": changed its parameters");
  CHECK_MESSAGE(copied(grad_out) == in.grad_out, c.name, ": changed the gradient of its output");
  if (!manner.in_place)
    for (std::size_t j = 0; j < x.size(); ++j) CHECK_MESSAGE(copied(x[j]) == in.x[j], c.name, ": changed its input");
  return out;
}

template <class Op, class B>
i64 scratch_of(const Op& op) {
  return kernel_for<B>(op).scratch;
}
template <class B, class Op>
Outputs run(const Case<Op>& c, const Inputs& in, const Manner& manner = {}) {
  return run_kernel(kernel_for<B>(c.op), c, in, manner);
}

}  // namespace test
