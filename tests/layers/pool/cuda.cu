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

// Forward's and backward's results, one after the other.
template <class T>
test::Doubles by_gpu(const test::Case<MaxPoolOp>& c, const test::Inputs& in) {
  using Block = test::DeviceBlock<T>;
  const Block x(in.x[0], test::Flush::end), grad(in.grad_out, test::Flush::end);
  const Block y(in.grad_out.size(), test::Flush::end), grad_x(in.x[0].size(), test::Flush::end);
  cuda::Forward<T> f;
  f.batch = in.batch, f.in[0] = x.data(), f.out = y.data();
  Kernel<MaxPoolOp, Cuda<T>>::forward(c.op, f);
  cuda::Backward<T> b;
  b.batch = in.batch, b.in[0] = x.data(), b.grad_out = grad.data(), b.grad_in[0] = grad_x.data();
  Kernel<MaxPoolOp, Cuda<T>>::backward(c.op, b);
  test::Doubles all = y.template read<double>();
  for (const double v : grad_x.template read<double>()) all.push_back(v);
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
  test::conforms_on_gpu<Cuda<>>(test::pool::recorded_max());
  test::conforms_on_gpu<Cuda<>>(halves());
  test::conforms_on_gpu<Cuda<double>>(test::pool::recorded_max(), {2});
  test::conforms_on_gpu<Cuda<double>>(halves(), {2});
  test::conforms_on_gpu<Cuda<>>(test::pool::wide_max(), {2});
}
TEST_CASE("avg pool on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::pool::recorded_avg());
  test::conforms_on_gpu<Cuda<double>>(test::pool::recorded_avg(), {2});
  test::conforms_on_gpu<Cuda<>>(test::pool::wide_avg(), {2});
}
TEST_CASE("adaptive avg pool on the GPU against the plain loops in double") {
  test::conforms_on_gpu<Cuda<>>(test::pool::recorded_adaptive());
  test::conforms_on_gpu<Cuda<double>>(test::pool::recorded_adaptive(), {2});
  test::conforms_on_gpu<Cuda<>>(test::pool::wide_adaptive(), {2});
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
      test::check_close(by_gpu<float>(c, in), want, 1e-6, what + ", float");
      test::check_close(by_gpu<double>(c, in), want, 1e-14, what + ", double");
    }
  }
}
