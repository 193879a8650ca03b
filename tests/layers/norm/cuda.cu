// SPDX-License-Identifier: MIT
#include <ctnet/layers/norm/cuda.cuh>

#include "../../support/error.hpp"
#include "../cuda_run.hpp"
#include "cases.hpp"

using ctnet::BatchNorm;
using ctnet::Cuda;
using test::on;

TEST_CASE("batch norm on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::norm::recorded());
  test::conforms_on_gpu<Cuda<double>>(test::norm::recorded(), {3});
  test::conforms_on_gpu<Cuda<>>(test::norm::wide(), {1, 3, 8});
}

// Around the sizes from which on a channel is cut: by several blocks, by packs and by single values.
TEST_CASE("batch norm on the GPU: large channels") {
  test::conforms_on_gpu<Cuda<>>(
      std::vector{on<BatchNorm<2>>("64 x 64", {2, 64, 64}), on<BatchNorm<1>>("127 x 129", {1, 127, 129}),
                  on<BatchNorm<3>>("31 x 41, a mean of 128", {3, 31, 41}, {1, 128})},
      {2, 4, 5});
  test::conforms_on_gpu<Cuda<double>>(std::vector{on<BatchNorm<2>>("64 x 64", {2, 64, 64})}, {3});
}
TEST_CASE("batch norm on the GPU: more channels than are cut") {
  test::conforms_on_gpu<Cuda<>>(
      std::vector{on<BatchNorm<1030>>("1030 channels", {1030, 2, 2}), on<BatchNorm<1030>>("1030 features", {1030})},
      {5});
}
TEST_CASE("batch norm on the GPU: one value a channel cannot be trained on") {
  const auto c = on<BatchNorm<3>>("one value", {3});
  test::cuda::Forward<float> f;
  f.batch = 1;
  f.training = true;
  CHECK(test::error_of([&] { ctnet::Kernel<ctnet::BatchNormOp, Cuda<>>::forward(c.op, f); }) ==
        "BatchNorm<3> cannot be trained on 1 value per channel, expected at least 2");
}
