// SPDX-License-Identifier: MIT
#include <ctnet/layers/pool/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace ctnet;
using test::on;

namespace {

// Rows that are read 4, 2 and 1 numbers at a time, with and without remainders.
std::vector<test::Case<MaxPoolOp>> halves() {
  return {on<MaxPool<2>>("2 x 2, 16 columns", {3, 6, 16}), on<MaxPool<2>>("2 x 2, 12 columns, odd", {2, 7, 12}),
          on<MaxPool<2>>("2 x 2, 10 columns", {3, 4, 10}), on<MaxPool<2>>("2 x 2, 10 columns, odd", {3, 5, 10}),
          on<MaxPool<2>>("2 x 2, 9 columns", {3, 6, 9}),   on<MaxPool<2>>("2 x 2, 3 columns", {5, 3, 3}),
          on<MaxPool<2>>("2 x 2, one window", {1, 2, 2})};
}

std::vector<test::Case<AvgPoolOp>> mean_halves() {
  return {on<AvgPool<2>>("mean of 2 x 2, 16 columns", {3, 6, 16}),
          on<AvgPool<2>>("mean of 2 x 2, 12 columns, odd", {2, 7, 12}),
          on<AvgPool<2>>("mean of 2 x 2, 10 columns, odd", {3, 5, 10}),
          on<AvgPool<2>>("mean of 2 x 2, 9 columns", {3, 6, 9})};
}

// Each case by the kernels that networks choose for it, and the 2 x 2 and 3 x 3 ones also by those for any window.
template <class B, class Op, int... V>
void by_choice(const std::vector<test::Case<Op>>& cases, const std::vector<int>& batches, Ints<V...>) {
  const auto chosen = [&]<int Variant>(Int<Variant>) {
    std::vector<test::Case<Op>> those;
    for (const auto& c : cases)
      if (variant_of<Op, B>(c.op) == Variant) those.push_back(c);
    test::conforms_on_gpu<B, Variant>(those, batches);
    if (Variant != 0) test::conforms_on_gpu<B>(those, {batches.back()});
  };
  (chosen(Int<V>{}), ...);
}
template <class B, class Op>
void by_choice(const std::vector<test::Case<Op>>& cases, const std::vector<int>& batches = {1, 3, 7}) {
  if constexpr (std::is_same_v<Op, AdaptiveAvgPoolOp>)
    by_choice<B>(cases, batches, Ints<0>{});
  else if constexpr (std::is_same_v<Op, AvgPoolOp>)
    by_choice<B>(cases, batches, Ints<0, 1, 2, 4>{});
  else
    by_choice<B>(cases, batches, Ints<0, 1, 2, 3, 4>{});
}

// Forward's and backward's results, one after the other.
template <class T, int V>
test::Doubles by_gpu(const test::Case<MaxPoolOp>& c, const test::Inputs& in, int shift = 0) {
  using Block = test::DeviceBlock<T>;
  // Tensors begin `shift` numbers behind an aligned address.
  const auto behind = [&](std::size_t n) { return n + static_cast<std::size_t>(shift); };
  test::Doubles shifted(static_cast<std::size_t>(shift));
  shifted.insert(shifted.end(), in.x[0].begin(), in.x[0].end());
  const Block x(shifted, test::Flush::start), y(behind(in.grad_out.size()), test::Flush::start);
  const Block grad(in.grad_out, test::Flush::end), grad_x(shifted.size(), test::Flush::start);
  cuda::Forward<T> f;
  f.batch = in.batch, f.in[0] = x.data() + shift, f.out = y.data() + shift;
  KernelVariant<MaxPoolOp, Cuda<T>, V>::forward(c.op, f);
  cuda::Backward<T> b;
  b.batch = in.batch, b.in[0] = x.data() + shift, b.grad_out = grad.data();
  b.grad_in[0] = grad_x.data() + shift;
  KernelVariant<MaxPoolOp, Cuda<T>, V>::backward(c.op, b);
  test::Doubles all;
  for (const test::Doubles& v : {y.template read<double>(), grad_x.template read<double>()})
    all.insert(all.end(), v.begin() + shift, v.end());
  return all;
}
test::Doubles by_reference(const test::Case<MaxPoolOp>& c, const test::Inputs& in) {
  test::Doubles y(in.grad_out.size()), gx(in.x[0].size());
  Forward<double> f;
  f.batch = in.batch, f.in[0] = in.x[0].data(), f.out = y.data();
  Kernel<MaxPoolOp, Reference<double>>::forward(c.op, f);
  Backward<double> b;
  b.batch = in.batch, b.in[0] = in.x[0].data(), b.grad_out = in.grad_out.data(), b.grad_in[0] = gx.data();
  Kernel<MaxPoolOp, Reference<double>>::backward(c.op, b);
  y.insert(y.end(), gx.begin(), gx.end());
  return y;
}

}  // namespace

TEST_CASE("max pool on the GPU against the plain loops in double") {
  by_choice<Cuda<>>(test::pool::recorded_max());
  by_choice<Cuda<>>(halves());
  by_choice<Cuda<double>>(test::pool::recorded_max(), {2});
  by_choice<Cuda<double>>(halves(), {2});
  by_choice<Cuda<>>(test::pool::wide_max(), {2});
}
TEST_CASE("avg pool on the GPU against the plain loops in double") {
  by_choice<Cuda<>>(test::pool::recorded_avg());
  by_choice<Cuda<>>(mean_halves());
  by_choice<Cuda<double>>(test::pool::recorded_avg(), {2});
  by_choice<Cuda<>>(test::pool::wide_avg(), {2});
}
TEST_CASE("adaptive avg pool on the GPU against the plain loops in double") {
  by_choice<Cuda<>>(test::pool::recorded_adaptive());
  by_choice<Cuda<double>>(test::pool::recorded_adaptive(), {2});
  by_choice<Cuda<>>(test::pool::wide_adaptive(), {2});
}

// Where values are equal the first takes the gradient; a NaN wins; minus infinity is a value as any other.
TEST_CASE("max pool on the GPU: ties, NaN and infinities") {
  auto cases = test::pool::recorded_max();
  for (const auto& c : halves()) cases.push_back(c);
  for (const auto& c : cases) {
    test::Inputs in = test::inputs_of(c, 2);
    for (const int kind : {0, 1, 2, 3}) {
      std::size_t i = 0;
      for (double& v : in.x[0]) {
        v = std::floor(test::value_at(c.name + ".ties", i) * 3) / 2;
        if (kind == 1 && i % 5 == 3) v = std::nan("");
        if (kind == 2 && i % 3 != 1) v = -HUGE_VAL;
        if (kind == 3) v = -HUGE_VAL;
        ++i;
      }
      const test::Doubles want = by_reference(c, in);
      const std::string what = c.name + ", kind " + std::to_string(kind);
      const auto check = [&]<class T, int V>(T*, Int<V>) {
        if (V == 0 || variant_of<MaxPoolOp, Cuda<T>>(c.op) == V)
          test::check_close(by_gpu<T, V>(c, in), want, sizeof(T) == 4 ? 1e-6 : 1e-14,
                            what + ", variant " + std::to_string(V) + ", bytes " + std::to_string(sizeof(T)));
      };
      const auto all = [&]<class T, int... V>(T* t, Ints<V...>) { (check(t, Int<V>{}), ...); };
      all(static_cast<float*>(nullptr), Ints<0, 1, 2, 3, 4>{});
      all(static_cast<double*>(nullptr), Ints<0, 1, 2, 3, 4>{});
    }
  }
}
TEST_CASE("max pool on the GPU: rows that are not aligned") {
  for (const auto& c : halves()) {
    const test::Inputs in = test::inputs_of(c, 2);
    const test::Doubles want = by_reference(c, in);
    for (const int shift : {1, 2, 3}) {
      const std::string what = c.name + ", behind " + std::to_string(shift);
      if (c.op.w % 4 == 0) test::check_close(by_gpu<float, 4>(c, in, shift), want, 1e-6, what);
      if (c.op.w % 2 == 0) test::check_close(by_gpu<float, 2>(c, in, shift), want, 1e-6, what);
      test::check_close(by_gpu<float, 1>(c, in, shift), want, 1e-6, what);
    }
  }
}
