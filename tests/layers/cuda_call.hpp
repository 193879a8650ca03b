// SPDX-License-Identifier: MIT
// Calls a layer's GPU kernels as the engine does, run.hpp's counterpart: every tensor in device memory of exactly its
// size, results and scratch poisoned beforehand, what the layer does not ask to be kept inaccessible, neighbouring
// operations taken along. Results come back in double.
#pragma once

#include <string>
#include <vector>

#include <ctnet/backends/cuda/arguments.cuh>
#include <ctnet/backends/cuda/launch.cuh>

#include "../support/compare.hpp"
#include "../support/device_memory.hpp"
#include "run.hpp"

namespace test {

namespace cuda = ctnet::cuda;

template <class Op, class T>
struct GpuKernel {
  void (*forward)(const Op&, const cuda::Forward<T>&);
  void (*backward)(const Op&, const cuda::Backward<T>&);
  i64 scratch;
  unsigned takes;
};
template <class B, int V = 0, class Op>
GpuKernel<Op, typename B::scalar> gpu_kernel_for(const Op& op) {
  using K = ctnet::KernelVariant<Op, B, V>;
  GpuKernel<Op, typename B::scalar> kernel{&K::forward, &K::backward, 0, 0};
  if constexpr (requires { K::scratch(op); }) kernel.scratch = K::scratch(op);
  if constexpr (requires { K::takes(op); }) kernel.takes = K::takes(op);
  return kernel;
}

// The operations beside the layer's own that a call asks for. All of one batch.
struct Along {
  unsigned takes = 0;
  int act = ctnet::no_act;
  Doubles norm;  // weight, bias, mean, var
  Doubles add;
  int mask = ctnet::no_act;  // of every input's gradient
  bool without_out = false;  // only what was pooled is wanted
  static constexpr double slope = 0.25, eps = 0.0625;
};

struct GpuManner {
  Flush flush = Flush::end;
  bool in_place = false;
  int without_grad_in = -1;
  bool as_graph = false;  // each call captured and replayed
  bool backward = true;
};

struct GpuOutputs : Outputs {
  Doubles pooled, pooled_predict;
};

template <class T>
struct GpuTensors {
  using Block = DeviceBlock<T>;
  std::vector<Block> x, grad_x;
  Block parameters, grad_out, norm, add, statistics, y, grad_parameters, saved, scratch, pooled;

  template <class Op>
  GpuTensors(const GpuKernel<Op, T>& kernel, const Case<Op>& c, const Inputs& in, const Along& along, Flush flush)
      : parameters(in.parameters, flush),
        grad_out(in.grad_out, flush),
        norm(along.norm, flush),
        add(along.add, flush),
        statistics(in.statistics, flush),
        y(in.grad_out.size(), flush),
        grad_parameters(in.parameters.size(), flush),
        saved(static_cast<std::size_t>(c.traits.saved), flush),
        scratch(static_cast<std::size_t>(kernel.scratch), flush),
        pooled(along.takes & ctnet::takes_pool
                   ? static_cast<std::size_t>(in.batch * c.out.c() * (c.out.h() / 2) * (c.out.w() / 2))
                   : 0,
               flush) {
    for (const Doubles& v : in.x) {
      x.emplace_back(v, flush);
      grad_x.emplace_back(v.size(), flush);
    }
  }
  bool intact() const {
    bool all = true;
    for (const Block* b :
         {&parameters, &grad_out, &norm, &add, &statistics, &y, &grad_parameters, &saved, &scratch, &pooled})
      all = all && b->intact();
    for (const auto* blocks : {&x, &grad_x})
      for (const Block& b : *blocks) all = all && b.intact();
    return all;
  }
};

template <class T, class Op>
GpuOutputs run_on_gpu(const GpuKernel<Op, T>& kernel, const Case<Op>& c, const Inputs& in, const GpuManner& manner = {},
                      const Along& along = {}) {
  const TestStream stream;
  GpuTensors<T> t(kernel, c, in, along, manner.flush);
  DeviceBlock<T>& y = manner.in_place ? t.x[0] : t.y;
  const std::size_t inputs = c.in.size();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  auto numbers = [](const DeviceBlock<T>& b) { return b.template read<double>(); };

  GpuOutputs out;
  cuda::Forward<T> f;
  f.batch = in.batch;
  for (std::size_t j = 0; j < inputs; ++j) f.in[j] = t.x[j].data();
  f.out = along.without_out ? nullptr : y.data();
  f.parameters = t.parameters.data();
  f.statistics = t.statistics.data();
  f.saved = t.saved.data();
  f.scratch = t.scratch.data();
  f.draw = in.draw;
  f.queue = {stream.get(), "forward", 0};
  f.epilogue.act = along.act;
  f.epilogue.slope = static_cast<T>(Along::slope);
  if (along.takes & ctnet::takes_norm) {
    const std::size_t k = along.norm.size() / 4;
    f.epilogue.weight = t.norm.data();
    f.epilogue.bias = t.norm.data() + k;
    f.epilogue.mean = t.norm.data() + 2 * k;
    f.epilogue.var = t.norm.data() + 3 * k;
    f.epilogue.eps = static_cast<T>(Along::eps);
  }
  if (along.takes & ctnet::takes_add) f.epilogue.add = t.add.data();
  if (along.takes & ctnet::takes_pool) f.epilogue.pooled = t.pooled.data();
  stream.run(manner.as_graph, [&] { kernel.forward(c.op, f); });  // evaluation mode
  out.y_predict = numbers(y);
  out.pooled_predict = numbers(t.pooled);
  CHECK_MESSAGE(numbers(t.statistics) == in.statistics, c.name, ": predict changed the running statistics");

  for (DeviceBlock<T>* b : {&t.y, &t.saved, &t.scratch, &t.pooled}) b->fill(nan);
  t.x[0].assign(in.x[0]);
  f.training = true;
  stream.run(manner.as_graph, [&] { kernel.forward(c.op, f); });
  out.y = numbers(y);
  out.pooled = numbers(t.pooled);
  out.statistics = numbers(t.statistics);

  if (manner.backward) {
    cuda::Backward<T> b;
    b.batch = in.batch;
    for (std::size_t j = 0; j < inputs; ++j) {
      b.in[j] = c.traits.keeps_input ? t.x[j].data() : forbidden<T>();
      b.grad_in[j] = static_cast<int>(j) == manner.without_grad_in ? nullptr : t.grad_x[j].data();
      b.mask[j].act = along.mask;
      b.mask[j].y = along.mask == ctnet::no_act ? forbidden<T>() : t.x[j].data();
    }
    const bool in_place = manner.in_place && manner.without_grad_in != 0;
    b.grad_out = in_place ? t.grad_x[0].data() : t.grad_out.data();
    b.out = c.traits.keeps_output ? y.data() : forbidden<T>();
    b.parameters = t.parameters.data();
    b.grad_parameters = t.grad_parameters.data();
    b.saved = t.saved.data();
    b.scratch = t.scratch.data();
    b.draw = in.draw;
    b.queue = {stream.get(), "backward", 0};
    auto run = [&](bool accumulate) {
      if (in_place) t.grad_x[0].assign(in.grad_out);
      t.scratch.fill(nan);
      b.accumulate = accumulate;
      stream.run(manner.as_graph, [&] { kernel.backward(c.op, b); });
    };
    t.grad_parameters.fill(nan);
    run(false);
    for (const DeviceBlock<T>& g : t.grad_x) out.grad_x.push_back(numbers(g));
    out.grad_parameters = numbers(t.grad_parameters);
    run(true);
    out.grad_parameters_twice = numbers(t.grad_parameters);
  }

  CHECK_MESSAGE(t.intact(), c.name, ": wrote beside its tensors");
  CHECK_MESSAGE(numbers(t.parameters) == in.parameters, c.name, ": changed its parameters");
  CHECK_MESSAGE(numbers(t.grad_out) == in.grad_out, c.name, ": changed the gradient of its output");
  CHECK_MESSAGE(numbers(t.add) == along.add, c.name, ": changed what is added to its output");
  if (!manner.in_place)
    for (std::size_t j = 0; j < inputs; ++j) CHECK_MESSAGE(numbers(t.x[j]) == in.x[j], c.name, ": changed its input");
  return out;
}

inline void check_all_close(const Outputs& got, const Outputs& want, double bound, const std::string& what,
                            bool saturates, int without = -1) {
  check_close(got.y, want.y, bound, what + ": forward");
  check_close(got.y_predict, want.y_predict, bound, what + ": predict");
  check_close(got.statistics, want.statistics, bound, what + ": statistics");
  for (std::size_t j = 0; j < want.grad_x.size(); ++j)
    if (static_cast<int>(j) != without)
      check_close(got.grad_x[j], want.grad_x[j], bound, what + ": gradient of input " + std::to_string(j),
                  saturates ? 1 : 0);
  check_close(got.grad_parameters, want.grad_parameters, bound, what + ": gradient of the parameters");
  Doubles twice = want.grad_parameters;
  for (double& g : twice) g *= 2;
  check_close(got.grad_parameters_twice, twice, bound, what + ": gradient added up");
}
inline void check_all_same(const GpuOutputs& got, const GpuOutputs& want, const std::string& what) {
  check_same_bits(got.y, want.y, what + ": forward");
  check_same_bits(got.y_predict, want.y_predict, what + ": predict");
  check_same_bits(got.pooled, want.pooled, what + ": pooled");
  check_same_bits(got.statistics, want.statistics, what + ": statistics");
  for (std::size_t j = 0; j < want.grad_x.size(); ++j)
    check_same_bits(got.grad_x[j], want.grad_x[j], what + ": gradient of input " + std::to_string(j));
  check_same_bits(got.grad_parameters, want.grad_parameters, what + ": gradient of the parameters");
  check_same_bits(got.grad_parameters_twice, want.grad_parameters_twice, what + ": gradient added up");
}

}  // namespace test
