// SPDX-License-Identifier: MIT
#include <ctnet/layers/join/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using ctnet::Cuda;

TEST_CASE("add on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::join::sums());
  test::conforms_on_gpu<Cuda<double>>(test::join::sums(), {2});
}
TEST_CASE("concat on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::join::concats());
  test::conforms_on_gpu<Cuda<>>(std::vector{test::join::channels_of({3, 40}, 8, 8)},
                                {1, 2});  // whole packs, several parts
  test::conforms_on_gpu<Cuda<double>>(test::join::concats(), {2});
}
