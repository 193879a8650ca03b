// SPDX-License-Identifier: MIT
// The kernels of depthwise convolutions: windows that the compiler knows and others.
#include <ctnet/layers/conv/cuda_depthwise.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace ctnet;
using test::on;

namespace {

template <int N, class T>
void conforms(const test::Case<ConvOp>& c, const std::vector<int>& batches) {
  INFO(c.name);
  REQUIRE(cuda::depthwise_forward_fits(c.op));
  const test::GpuKernel<ConvOp, T> kernel{
      [](const ConvOp& op, const cuda::Forward<T>& a) { cuda::depthwise_forward<N, cuda::Compute::fp32>(op, a); },
      [](const ConvOp& op, const cuda::Backward<T>& a) {
        cuda::depthwise_weights<N, cuda::Compute::fp32>(op, a);
        if (a.grad_in[0]) cuda::depthwise_data<N, cuda::Compute::fp32>(op, a);
      },
      cuda::depthwise_scratch<T>(c.op), cuda::depthwise_takes(c.op) | takes_mask};
  int turn = 0;
  for (const int batch : batches) {
    const test::Inputs in = test::inputs_of(c, batch);
    const test::Outputs want = test::run<Reference<double>>(c, in);
    test::conforms_alone(kernel, c, in, want, test::layer_bound<T>);
    test::conforms_along(kernel, c, in, want, test::layer_bound<T>, turn++);
  }
}
template <int N>
void conforms(const test::Case<ConvOp>& c) {
  CHECK(cuda::depthwise_number(c.op) == N);
  conforms<N, float>(c, {1, 3});
  conforms<N, double>(c, {2});
  if (N != 0) conforms<0, float>(c, {3});  // serves every depthwise convolution
}

}  // namespace

TEST_CASE("depthwise convolutions: windows known to the compiler") {
  conforms<13>(on<Conv<5, 5, 3, Groups<5>, Pad<1>>>("3 x 3", {5, 6, 5}));
  conforms<14>(on<Conv<3, 6, 3, Groups<3>, Stride<2>>>("3 x 3, stride 2, two filters a channel", {3, 7, 7}));
  conforms<21>(on<Conv<3, 3, 5, Groups<3>, Pad<2>, NoBias>>("5 x 5", {3, 9, 6}));
  conforms<22>(on<Conv<4, 4, 5, Groups<4>, Pad<2>, Stride<2>>>("5 x 5, stride 2", {4, 8, 11}));
}
TEST_CASE("depthwise convolutions: any window, stride, border and dilation") {
  conforms<0>(on<Conv<3, 9, Size{2, 4}, Groups<3>, Stride<2, 3>, Pad<3, 1>>>("2 x 4", {3, 6, 9}));
  conforms<0>(on<Conv<2, 2, 3, Groups<2>, Dilation<2, 3>, Pad<2>>>("dilated", {2, 5, 7}));
  conforms<0>(on<Conv<3, 3, 7, Groups<3>, Pad<3>>>("7 x 7", {3, 5, 8}));
  conforms<0>(on<Conv<4, 8, 1, Groups<4>>>("1 x 1", {4, 3, 3}));
}
