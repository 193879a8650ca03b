// SPDX-License-Identifier: MIT
// The suite that kernels of the CUDA backend pass, conformance.hpp's counterpart in device memory:
//   test::conforms_on_gpu<Cuda<>>(cases);                     for batches of 1, 3 and 7
//   test::conforms_on_gpu<Cuda<tf32>, V>(cases, {2}, 1e-3);   KernelVariant<Op, B, V>, another bound
// against the plain loops in double, and what the kernel says it takes along (Kernel::takes) against the plain loops of
// all these operations one after the other.
#pragma once

#include "cuda_call.hpp"
#include "cuda_fusion.hpp"

namespace test {

// What a precision is held to: of the largest |y|. Factors rounded to 10 or 7 bits of fraction; the errors of a sum's
// products partly cancel, as its terms do.
template <class B>
constexpr double gpu_bound = B::compute == cuda::Compute::tf32   ? 2e-3
                             : B::compute == cuda::Compute::bf16 ? 1.6e-2
                                                                 : layer_bound<typename B::scalar>;

template <class T, class Op>
void conforms_alone(const GpuKernel<Op, T>& kernel, const Case<Op>& c, const Inputs& in, const Outputs& want,
                    double bound) {
  for (const Flush flush : {Flush::end, Flush::start})
    for (const bool in_place : {false, true})
      for (int without = -1; without < static_cast<int>(c.in.size()); ++without) {
        if (in_place && !c.traits.in_place) continue;
        if (flush == Flush::start && without >= 0) continue;  // the same code
        const std::string what = c.name + ", batch " + std::to_string(in.batch) + (in_place ? ", in place" : "") +
                                 (without >= 0 ? ", no input gradient" : "");
        INFO(what);  // printed where the memory traps
        const GpuManner manner{flush, in_place, without};
        check_all_close(run_on_gpu(kernel, c, in, manner), want, bound, what, c.saturates, without);
      }
  GpuOutputs first;
  in_every_thread_order([&](const std::string& order) {
    INFO(c.name, ", ", order);
    const GpuOutputs again = run_on_gpu(kernel, c, in, {.as_graph = true});
    if (first.y.empty()) first = run_on_gpu(kernel, c, in);
    check_all_same(again, first, c.name + ", batch " + std::to_string(in.batch) + ", once more as a graph, " + order);
  });
}

// V: the kernel's variant. bound: of the largest value.
template <class B, int V = 0, class Op>
void conforms_on_gpu(const std::vector<Case<Op>>& cases, const std::vector<int>& batches = {1, 3, 7},
                     double bound = gpu_bound<B>) {
  int turn = 0;
  for (const Case<Op>& c : cases)
    for (const int batch : batches) {
      if (c.traits.saved > 0 && batch * c.out.plane() < 2) continue;  // no batch statistics of one value
      const Inputs in = inputs_of(c, batch);
      const Outputs want = run<Reference<double>>(c, in);
      const auto kernel = gpu_kernel_for<B, V>(c.op);
      conforms_alone(kernel, c, in, want, bound);
      if (kernel.takes) conforms_along(kernel, c, in, want, bound, turn++);
    }
}

}  // namespace test
