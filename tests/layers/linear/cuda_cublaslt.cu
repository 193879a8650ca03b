// SPDX-License-Identifier: MIT
// Links cublasLt, or where the device is emulated tests/emulated/cuda/cublaslt.cpp.
#include <ctnet/cublaslt.hpp>

#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace ctnet;

TEST_CASE("linear by cuBLASLt: every precision") {
  const test::linear::Cases cases = {test::on<Linear<33, 17>>("linear/odd", {33})};
  test::conforms_on_gpu<Cuda<float, CublasLt>, 1>(cases, {3, 37});
  test::conforms_on_gpu<Cuda<float, CublasLt>, 1>(test::linear::Cases{test::on<Linear<6, 3, NoBias>>("no bias", {6})}, {19});
  test::conforms_on_gpu<Cuda<tf32, CublasLt>, 1>(cases, {37});
  test::conforms_on_gpu<Cuda<bfloat16, CublasLt>, 1>(cases, {37});
}
TEST_CASE("linear by cuBLASLt: which layers") {
  CHECK(variant_of<LinearOp, Cuda<float, CublasLt>>({4096, 4096, 1}) == 1);
  CHECK(variant_of<LinearOp, Cuda<float, CublasLt>>({120, 84, 1}) == 0);
  CHECK(variant_of<LinearOp, Cuda<double, CublasLt>>({4096, 4096, 1}) == 0);
  CHECK(variant_of<LinearOp, Cuda<>>({4096, 4096, 1}) == 0);
}
