// SPDX-License-Identifier: MIT
// The implicit GEMM. Its tiles of every size: tests/backends/cuda_gemm.cu.
#include <ctnet/layers/conv/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

namespace {

using ctnet::Cuda, ctnet::ConvOp, ctnet::tf32, ctnet::bfloat16;
namespace cuda = ctnet::cuda;

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

namespace {

// All in tiles of one size, which otherwise large problems only are made of.
template <cuda::Compute C, class Tile>
struct InTiles {
  static void forward(const ConvOp& o, const cuda::Forward<float>& a) {
    cuda::implicit_forward<false, C, float, Tile>(o, a, cuda::implicit_scratch(o, true, true, true));
  }
  static void backward(const ConvOp& o, const cuda::Backward<float>& a) {
    cuda::implicit_weights<false, C, float, Tile>(o, a, cuda::implicit_scratch(o, true, true, true));
    if (a.grad_in[0]) cuda::implicit_data<false, C, float, Tile>(o, a, cuda::implicit_scratch(o, true, true, true));
  }
};
template <class Precision, class Tile>
void conforms_in_tiles() {
  using namespace ctnet;
  using K = InTiles<Cuda<Precision>::compute, Tile>;
  for (const auto& c : {test::on<Conv<15, 130, 3, Pad<1>>>("15 to 130 channels", {15, 9, 8}),
                        test::on<Conv<131, 5, 3, Stride<2>, Pad<1>>>("131 to 5 channels", {131, 7, 9})}) {
    const test::Inputs in = test::inputs_of(c, 3);
    const test::Outputs want = test::run<test::Reference<double>>(c, in);
    const test::GpuKernel<ConvOp, float> kernel{&K::forward, &K::backward,
                                                cuda::implicit_scratch(c.op, true, true, true), 0};
    test::check_all_close(test::run_on_gpu(kernel, c, in), want, test::gpu_bound<Cuda<Precision>>, c.name, false);
  }
}

}  // namespace

TEST_CASE("conv on the GPU: large and small tiles") {
  conforms_in_tiles<float, ctnet::cuda::LargeTile>();
  conforms_in_tiles<tf32, ctnet::cuda::LargeTile>();
  conforms_in_tiles<bfloat16, ctnet::cuda::LargeTile>();
  conforms_in_tiles<float, ctnet::cuda::SmallTile>();
  conforms_in_tiles<tf32, ctnet::cuda::SmallTile>();
  conforms_in_tiles<bfloat16, ctnet::cuda::SmallTile>();
}

TEST_CASE("conv on the GPU: what is chosen") {
  using namespace ctnet;
  using K = Kernel<ConvOp, Cuda<>>;
  const auto method = [](const ConvOp& o) { return std::string(K::method(o)); };
  CHECK(method(Conv<256, 256, 3, Pad<1>>::op({256, 16, 16}, {256, 16, 16})) == "implicit GEMM");
  CHECK(method(Conv<256, 64, 1>::op({256, 16, 16}, {64, 16, 16})) == "GEMM");
  CHECK(method(Conv<3, 6, 5>::op({3, 32, 32}, {6, 28, 28})) == "direct");
  CHECK(method(Conv<64, 64, 3, Groups<64>, Pad<1>>::op({64, 16, 16}, {64, 16, 16})) == "depthwise");
  using cuda::ConvMethod;
  const cuda::ConvChoice c{ConvMethod::direct, ConvMethod::implicit, ConvMethod::depthwise, 12345};
  const cuda::ConvChoice again = cuda::ConvChoice::of(c.code());
  CHECK(again.code() == c.code());
  CHECK(again.weights == ConvMethod::depthwise);
  CHECK(again.number == 12345);
}
