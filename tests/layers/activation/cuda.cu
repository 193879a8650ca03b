// SPDX-License-Identifier: MIT
#include <ctnet/layers/activation/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using ctnet::Cuda;

TEST_CASE("activations on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::activation::recorded());
  test::conforms_on_gpu<Cuda<double>>(test::activation::recorded(), {2});
}
TEST_CASE("softmax on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::activation::recorded_softmax());
  test::conforms_on_gpu<Cuda<>>(test::activation::more_softmax());
  test::conforms_on_gpu<Cuda<double>>(test::activation::recorded_softmax(), {2});
}
