// SPDX-License-Identifier: MIT
#include <ctnet/layers/linear/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using ctnet::Cuda;

// Up to 16 images have kernels of their own.
TEST_CASE("linear on the GPU: every precision, few images and many") {
  test::conforms_on_gpu<Cuda<>>(test::linear::recorded(), {1, 3, 7, 16, 17, 37});
  test::conforms_on_gpu<Cuda<ctnet::tf32>>(test::linear::recorded(), {5, 37});
  test::conforms_on_gpu<Cuda<ctnet::bfloat16>>(test::linear::recorded(), {5, 37});
  test::conforms_on_gpu<Cuda<double>>(test::linear::recorded(), {2, 37});
}
// Sizes that are cut along k, in tiles of several sizes. An activation behind large sums keeps their error but not
// their size, hence the wider bounds.
TEST_CASE("linear on the GPU: sizes of real networks") {
  using namespace ctnet;
  const test::linear::Cases cases = {test::on<Linear<400, 120>>("lenet 7", {400}),
                                     test::on<Linear<131, 70, NoBias>>("131 to 70", {131})};
  test::conforms_on_gpu<Cuda<>>(cases, {2, 65});
  test::conforms_on_gpu<Cuda<tf32>>(cases, {65}, 5e-3);
  test::conforms_on_gpu<Cuda<bfloat16>>(cases, {65}, 4e-2);
  test::conforms_on_gpu<Cuda<double>>(cases, {33});
}
TEST_CASE("linear on the GPU: sizes drawn at random") {
  test::conforms_on_gpu<Cuda<>>(test::linear::drawn(12), {4, 29});
  test::conforms_on_gpu<Cuda<ctnet::bfloat16>>(test::linear::drawn(4), {29}, 4e-2);
}
