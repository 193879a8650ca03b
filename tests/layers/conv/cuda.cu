// SPDX-License-Identifier: MIT
// The implicit GEMM. Its tiles of every size: tests/backends/cuda_gemm.cu.
#include <ctnet/layers/conv/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

namespace {

using ctnet::Cuda, ctnet::tf32, ctnet::bfloat16;

constexpr int pointwise = [] {
  constexpr auto m = ctnet::cuda::ConvMethod::pointwise;
  return ctnet::cuda::ConvChoice{m, m, m, 0}.code();
}();
test::conv::Cases pointwise_cases() {
  using namespace ctnet;
  return {
      test::on<Conv<5, 7, 1>>("conv/one_by_one", {5, 4, 5}),
      test::on<Conv<40, 72, 1>>("1 x 1", {40, 11, 7}),
      test::on<Conv<256, 10, 1, NoBias>>("one pixel", {256, 1, 1}),
      test::on<Conv<12, 18, 1, Groups<3>>>("1 x 1, groups", {12, 5, 3}),
  };
}

}  // namespace

TEST_CASE("conv on the GPU: every option") {
  test::conforms_on_gpu<Cuda<>>(test::conv::recorded(), {1, 3});
  test::conforms_on_gpu<Cuda<tf32>>(test::conv::recorded(), {3});
  test::conforms_on_gpu<Cuda<bfloat16>>(test::conv::recorded(), {3});
  test::conforms_on_gpu<Cuda<double>>(test::conv::recorded(), {3});
}
// An activation behind large sums keeps their error but not their size, hence the wider bounds.
TEST_CASE("conv on the GPU: sizes of real networks") {
  using namespace ctnet;
  const test::conv::Cases cases = {
      test::on<Conv<33, 32, 3, Pad<1>, NoBias>>("33 channels", {33, 8, 8}),
      test::on<Conv<32, 48, 3, Stride<2>, Pad<1>>>("stride 2", {32, 15, 13}),
      test::on<Conv<3, 16, 7, Stride<2>, Pad<3>>>("7 x 7, stride 2", {3, 23, 25}),
      test::on<Conv<32, 48, 3, Groups<4>, Pad<1>>>("4 groups", {32, 9, 8}),
  };
  test::conforms_on_gpu<Cuda<>>(cases, {2});
  test::conforms_on_gpu<Cuda<tf32>>(cases, {1}, 5e-3);
  test::conforms_on_gpu<Cuda<bfloat16>>(cases, {1}, 4e-2);
}
TEST_CASE("conv on the GPU: options and sizes drawn at random") {
  test::conforms_on_gpu<Cuda<>>(test::conv::drawn(16), {2});
}
TEST_CASE("conv on the GPU: 1 x 1") {
  test::conforms_on_gpu<Cuda<>, pointwise>(pointwise_cases());
  test::conforms_on_gpu<Cuda<tf32>, pointwise>(pointwise_cases(), {3});
}
