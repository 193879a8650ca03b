// SPDX-License-Identifier: MIT
// Convolutions by cuDNN. Needs nvcc, cuDNN (-lcudnn) and a GPU; nothing of it can be emulated.
#if defined(__CUDACC__) && __has_include(<cudnn.h>)
#  include <ctnet/cudnn.hpp>
#  include <ctnet/layers/conv/cuda.cuh>

#  include "../cuda_run.hpp"
#  include "cases.hpp"

using namespace ctnet;
using cuda::ConvMethod;

namespace {
constexpr int by_cudnn = cuda::ConvChoice{ConvMethod::cudnn, ConvMethod::cudnn, ConvMethod::cudnn, 0}.code();

test::conv::Cases cases() {
  test::conv::Cases all = test::conv::recorded();
  for (const auto& c : test::conv::wide()) all.push_back(c);
  return all;
}
}  // namespace

TEST_CASE("conv by cuDNN against the plain loops in double") {
  test::conforms_on_gpu<Cuda<float, Cudnn>, by_cudnn>(cases(), {1, 3});
  test::conforms_on_gpu<Cuda<float, Cudnn, Deterministic>, by_cudnn>(cases(), {3});
  test::conforms_on_gpu<Cuda<tf32, Cudnn>, by_cudnn>(cases(), {3});
  test::conforms_on_gpu<Cuda<double, Cudnn>, by_cudnn>(cases(), {2});
  MESSAGE(cuda::cudnn_choices());
}
TEST_CASE("conv by cuDNN: large ones are chosen") {
  constexpr ConvOp large = Conv<64, 64, 3, Pad<1>>::op({64, 32, 32}, {64, 32, 32});
  CHECK(variant_of<ConvOp, Cuda<float, Cudnn>>(large) == by_cudnn);
  CHECK(variant_of<ConvOp, Cuda<float>>(large) != by_cudnn);
}
#endif
