// SPDX-License-Identifier: MIT
// The direct kernels of small convolutions: forward with all that it takes along, and the two halves of backward alone
// and together, cut for small batches and for large ones.
#include <ctnet/layers/conv/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace ctnet;
using test::on;

namespace {

enum class Parts { together, one_by_one, large };

// The kernels as the harness calls them; large: those of large batches, whatever the batch.
template <int N, class T, Parts parts>
test::GpuKernel<ConvOp, T> direct(const ConvOp& o) {
  static constexpr cuda::direct::Number n = cuda::direct::Number::of(N);
  static constexpr int tile = sizeof(T) == 4 ? 4 : 2;
  return {[](const ConvOp& op, const cuda::Forward<T>& a) {
            if constexpr (parts == Parts::large)
              cuda::direct::forward<T, n.r, n.s, n.stride, tile, n.filters>(op, a, false);
            else
              cuda::direct_forward<N, cuda::Compute::fp32>(op, a);
          },
          [](const ConvOp& op, const cuda::Backward<T>& a) {
            if constexpr (parts == Parts::large) {
              cuda::direct::backward<T, n.r, n.s, n.stride, tile, n.channels, n.sums, false>(
                  op, a, a.grad_in[0] != nullptr, true);
            } else if constexpr (parts == Parts::together) {
              cuda::direct_backward<N, cuda::Compute::fp32>(op, a);
            } else {
              cuda::direct_weights<N, cuda::Compute::fp32>(op, a);
              if (a.grad_in[0]) cuda::direct_data<N, cuda::Compute::fp32>(op, a);
            }
          },
          cuda::direct_scratch<T>(o), cuda::direct_takes(o) | takes_mask};
}

template <int N, class T, Parts parts = Parts::together>
void conforms(test::Case<ConvOp> c, const std::vector<int>& batches, bool all_it_takes = true) {
  INFO(c.name);
  REQUIRE(cuda::direct_forward_fits(c.op));
  REQUIRE(cuda::direct_weights_fits(c.op));
  REQUIRE(cuda::direct_number(c.op) == N);
  const auto kernel = direct<N, T, parts>(c.op);
  int turn = 0;
  for (const int batch : batches) {
    const test::Inputs in = test::inputs_of(c, batch);
    const test::Outputs want = test::run<Reference<double>>(c, in);
    test::conforms_alone(kernel, c, in, want, test::layer_bound<T>);
    if (all_it_takes) test::conforms_along(kernel, c, in, want, test::layer_bound<T>, turn++);
  }
}

// Layer L on (C, H, W).
template <class L, int C, int H, int W>
struct Small {
  static constexpr ConvOp op() {
    Diagnosis d;
    return L::op({C, H, W}, L::infer({C, H, W}, d));
  }
  static constexpr int number = cuda::direct_number(op());
  static test::Case<ConvOp> named(const char* name) { return on<L>(name, {C, H, W}); }
};
template <class S, class T = float, Parts parts = Parts::together>
void conforms(const char* name, const std::vector<int>& batches, bool all_it_takes = true) {
  conforms<S::number, T, parts>(S::named(name), batches, all_it_takes);
}

template <class S, Parts parts>
void without_data(const char* name) {
  const auto c = S::named(name);
  REQUIRE(!cuda::direct_data_fits(c.op));
  const auto kernel = direct<S::number, float, parts>(c.op);
  const test::Inputs in = test::inputs_of(c, 3);
  const test::Outputs want = test::run<Reference<double>>(c, in);
  const auto got = test::run_on_gpu(kernel, c, in, {.without_grad_in = 0});
  test::check_all_close(got, want, test::layer_bound<float>, name, false, 0);
}

}  // namespace

using Lenet0 = Small<Conv<3, 6, 5>, 3, 32, 32>;
using Lenet3 = Small<Conv<6, 16, 5>, 6, 14, 14>;
constexpr Parts large = Parts::large;

TEST_CASE("direct convolutions: LeNet's") {
  conforms<Lenet0>("lenet 0", {2}, false);
  conforms<Lenet3>("lenet 3", {1, 3}, false);
  conforms<Lenet3, float, Parts::one_by_one>("lenet 3", {2}, false);
  conforms<Lenet3, double>("lenet 3", {2}, false);
}
TEST_CASE("direct convolutions: LeNet's as in large batches") {
  conforms<Lenet0, float, large>("lenet 0", {1}, false);
  conforms<Lenet3, float, large>("lenet 3", {1, 3}, false);
  conforms<Lenet3, double, large>("lenet 3", {2}, false);
}
TEST_CASE("direct convolutions: what a network runs") {
  constexpr int number = variant_of<ConvOp, Cuda<>>(Lenet3::op());
  static_assert(cuda::ConvChoice::of(number).forward == cuda::ConvMethod::direct);
  static_assert(cuda::ConvChoice::of(number).data == cuda::ConvMethod::direct);
  test::conforms_on_gpu<Cuda<>, number>(std::vector{Lenet3::named("lenet 3")}, {1});
  constexpr int depthwise = variant_of<ConvOp, Cuda<>>(Conv<5, 5, 3, Groups<5>, Pad<1>>::op({5, 6, 5}, {5, 6, 5}));
  static_assert(cuda::ConvChoice::of(depthwise).weights == cuda::ConvMethod::depthwise);
  test::conforms_on_gpu<Cuda<>, depthwise>(std::vector{on<Conv<5, 5, 3, Groups<5>, Pad<1>>>("depthwise", {5, 6, 5})},
                                           {2});
}
TEST_CASE("direct convolutions: borders, odd sizes, few filters") {
  conforms<Small<Conv<1, 8, 3>, 1, 7, 9>>("1 - 8", {1, 3, 7});
  conforms<Small<Conv<1, 1, 3>, 1, 5, 7>>("1 - 1", {1, 3});
  conforms<Small<Conv<2, 3, Size{3, 5}, Pad<1, 2>>, 2, 5, 6>>("3 x 5 with a border", {1, 3, 7});
  conforms<Small<Conv<3, 5, 3, Pad<2>, NoBias>, 3, 6, 5>>("full", {1, 3});
  conforms<Small<Conv<5, 7, 2>, 5, 4, 3>>("2 x 2", {1, 3});
  conforms<Small<Conv<2, 4, 7, Pad<3>>, 2, 9, 8>>("7 x 7", {1, 3});
  conforms<Small<Conv<4, 9, Size{4, 6}>, 4, 4, 6>>("the whole image", {1, 7});
  conforms<Small<Conv<2, 3, 3, Pad<1>>, 2, 1, 1>>("one pixel", {1, 3});
}
TEST_CASE("direct convolutions: borders, odd sizes, few filters, as in large batches") {
  conforms<Small<Conv<1, 8, 3>, 1, 7, 9>, float, large>("1 - 8", {1, 3, 7});
  conforms<Small<Conv<2, 3, Size{3, 5}, Pad<1, 2>>, 2, 5, 6>, float, large>("3 x 5 with a border", {1, 3, 7});
  conforms<Small<Conv<3, 5, 3, Pad<2>, NoBias>, 3, 6, 5>, float, large>("full", {1, 3});
  conforms<Small<Conv<5, 7, 2>, 5, 4, 3>, float, large>("2 x 2", {3});
  conforms<Small<Conv<2, 4, 7, Pad<3>>, 2, 9, 8>, float, large>("7 x 7", {3});
  conforms<Small<Conv<2, 3, 3, Pad<1>>, 2, 1, 1>, float, large>("one pixel", {1, 3});
}
TEST_CASE("direct convolutions: planes in bands, filters and channels in several blocks") {
  conforms<Small<Conv<3, 40, 3, Pad<1>>, 3, 37, 64>, float, large>("3 - 40", {1}, false);
  conforms<Small<Conv<16, 21, 3, Pad<1>>, 16, 41, 33>>("16 - 21", {1}, false);
  conforms<Small<Conv<16, 21, 3, Pad<1>>, 16, 41, 33>, float, large>("16 - 21", {2}, false);
}
TEST_CASE("direct convolutions: stride 2, without the input's gradient") {
  using Three = Small<Conv<3, 8, 3, Stride<2>, Pad<1>>, 3, 12, 11>;
  using Seven = Small<Conv<3, 6, 7, Stride<2>, Pad<3>>, 3, 17, 20>;
  without_data<Three, Parts::together>("3 x 3");
  without_data<Three, large>("3 x 3");
  without_data<Seven, Parts::together>("7 x 7");
  without_data<Seven, large>("7 x 7");
}
// So many images that blocks have several and that batches are cut into slices.
TEST_CASE("direct convolutions: a large batch") {
  using Tiny = Small<Conv<2, 5, 3, Pad<1>>, 2, 5, 6>;
  const auto c = Tiny::named("many images");
  const test::Inputs in = test::inputs_of(c, 1500);
  const test::Outputs want = test::run<Reference<double>>(c, in);
  const auto kernel = direct<Tiny::number, float, Parts::together>(c.op);
  CHECK(!cuda::direct::few_tiles(c.op, 1500));
  CHECK(!cuda::direct::few_rows(c.op, 1500));
  const auto first = test::run_on_gpu(kernel, c, in);
  test::check_all_close(first, want, test::layer_bound<float>, "many images", false);
  test::in_every_thread_order([&](const std::string& order) {
    test::check_all_same(test::run_on_gpu(kernel, c, in), first, "many images, " + order);
  });
}
