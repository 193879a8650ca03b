// SPDX-License-Identifier: MIT
// Links cublasLt, or where the device is emulated tests/emulated/cuda/cublaslt.cpp.
#include <ctnet/cublaslt.hpp>

#include "../../support/error.hpp"
#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace ctnet;

TEST_CASE("linear by cuBLASLt: every precision") {
  const test::linear::Cases cases = {test::on<Linear<33, 17>>("linear/odd", {33})};
  test::conforms_on_gpu<Cuda<float, CublasLt>, 1>(cases, {3, 37});
  test::conforms_on_gpu<Cuda<float, CublasLt>, 1>(test::linear::Cases{test::on<Linear<6, 3, NoBias>>("no bias", {6})},
                                                  {19});
  test::conforms_on_gpu<Cuda<tf32, CublasLt>, 1>(cases, {37});
  test::conforms_on_gpu<Cuda<bfloat16, CublasLt>, 1>(cases, {37});
}
TEST_CASE("linear by cuBLASLt: which layers") {
  CHECK(variant_of<LinearOp, Cuda<float, CublasLt>>({4096, 4096, 1}) == 1);
  CHECK(variant_of<LinearOp, Cuda<float, CublasLt>>({120, 84, 1}) == 0);
  CHECK(variant_of<LinearOp, Cuda<double, CublasLt>>({4096, 4096, 1}) == 0);
  CHECK(variant_of<LinearOp, Cuda<>>({4096, 4096, 1}) == 0);
}

TEST_CASE("cuBLASLt: what fails says what it was about") {
  const test::DeviceBlock<float> a(8, test::Flush::end), b(12, test::Flush::end), d(6, test::Flush::end),
      scratch(static_cast<std::size_t>(cuda::lt::scratch<float>), test::Flush::start);
  cuda::lt::Product p{2, 3, 4, false, false, a.data(), b.data(), d.data()};
  p.epilogue = static_cast<cublasLtEpilogue_t>(3);  // there is none
  const std::string error = test::error_of([&] {
    cuda::lt::multiply({nullptr, "forward", 5}, "linear", p, cuda::Compute::fp32, scratch.data());
  });
  INFO(error);
  CHECK(error.find("CUDA: cublasLt") == 0);
  CHECK(error.find("for linear (layer 5, forward), a product of 2 x 4 and 4 x 3: CUBLAS_STATUS_") != std::string::npos);
}
