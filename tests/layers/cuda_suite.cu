// SPDX-License-Identifier: MIT
// The suite itself: it fails kernels that are wrong in one way each, beside the right one.
#include <ctnet/layers/join/cuda.cuh>

#include "cuda_run.hpp"
#include "join/cases.hpp"

using ctnet::AddOp;
using ctnet::Cuda;
using Right = ctnet::Kernel<AddOp, Cuda<>>;
using Forward = test::cuda::Forward<float>;
using Backward = test::cuda::Backward<float>;

namespace {

struct Set {
  float* at;
  float v;
  __device__ void operator()(ctnet::i64 i) const { at[i] = v; }
};
struct Copy {
  float* to;
  const float* from;
  __device__ void operator()(ctnet::i64 i) const { to[i] = from[i]; }
};
#ifdef CTNET_EMULATED_DEVICE
struct LastOne {  // a race
  float* at;
  __device__ void operator()(ctnet::i64 i) const { *at = static_cast<float>(i); }
};
#endif

void check(void (*forward)(const AddOp&, const Forward&), void (*backward)(const AddOp&, const Backward&),
           ctnet::i64 scratch = 0) {
  const auto c = test::join::sum_of(2, {3, 5, 7});
  const test::Inputs in = test::inputs_of(c, 3);
  const test::Outputs want = test::run<ctnet::Reference<double>>(c, in);
  const test::GpuKernel<AddOp, float> kernel{forward, backward, scratch, Right::takes(c.op)};
  test::conforms_alone(kernel, c, in, want, 2e-5);
  test::conforms_along(kernel, c, in, want, 2e-5, 0);
}

}  // namespace

TEST_CASE("the GPU's suite: a right kernel") { check(&Right::forward, &Right::backward); }

#define CTNET_FAULT(what, forward, backward, ...)                        \
  TEST_CASE("the GPU's suite finds " what* doctest::should_fail(true)) { \
    check(forward, backward __VA_OPT__(, ) __VA_ARGS__);                 \
  }
CTNET_FAULT(
    "a wrong value",
    [](const AddOp& o, const Forward& a) {
      Right::forward(o, a);
      test::cuda::each(a.queue, "fault", 1, Set{a.out, 0.125f});
    },
    &Right::backward)
CTNET_FAULT(
    "a changed input",
    [](const AddOp& o, const Forward& a) {
      Right::forward(o, a);
      test::cuda::each(a.queue, "fault", 1, Set{const_cast<float*>(a.in[1]), 5});
    },
    &Right::backward)
CTNET_FAULT(
    "scratch that was not written",
    [](const AddOp& o, const Forward& a) {
      Right::forward(o, a);
      test::cuda::each(a.queue, "fault", 1, Copy{a.out, a.scratch});
    },
    &Right::backward, 1)
CTNET_FAULT(
    "an activation left out",
    [](const AddOp& o, const Forward& a) {
      Forward f = a;
      f.epilogue.act = ctnet::no_act;
      Right::forward(o, f);
    },
    &Right::backward)
CTNET_FAULT("a mask left out", &Right::forward, [](const AddOp& o, const Backward& a) {
  Backward b = a;
  for (auto& mask : b.mask) mask.act = ctnet::no_act;
  Right::backward(o, b);
})
CTNET_FAULT("a missing gradient", &Right::forward, [](const AddOp& o, const Backward& a) {
  Backward b = a;
  b.grad_in[1] = nullptr;
  Right::backward(o, b);
})
#ifdef CTNET_EMULATED_DEVICE
CTNET_FAULT(
    "a write beside the output",  // within its pages, so that nothing traps
    [](const AddOp& o, const Forward& a) {
      Right::forward(o, a);
      const bool at_start = reinterpret_cast<std::uintptr_t>(a.out) % 4096 == 0;
      test::cuda::each(a.queue, "fault", 1, Set{at_start ? a.out + a.batch * o.size : a.out - 1, 0});
    },
    &Right::backward)
CTNET_FAULT(
    "results that depend on the order of threads",
    [](const AddOp& o, const Forward& a) {
      Right::forward(o, a);
      test::cuda::each(a.queue, "fault", 3, LastOne{a.scratch});
      test::cuda::each(a.queue, "fault", 1, Copy{a.out, a.scratch});
    },
    &Right::backward, 1)
#endif
