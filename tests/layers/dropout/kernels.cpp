// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

using namespace test;
using ctnet::Dropout;
using dropout::cases;

TEST_CASE("dropout: every backend against the plain loops in double, mask for mask") { conforms_everywhere(cases()); }
TEST_CASE("dropout: gradients by central differences") { gradients_are_right(cases()); }

// What the mask is: zero or 1 / (1 - p), zero with probability p, the same backwards, another one for another step,
// layer or seed, and the same again for the same ones.
template <class B>
static void mask_of(double p, const ctnet::DropoutOp& op, const std::string& backend) {
  using T = typename B::scalar;
  const int batch = 4;
  const auto n = static_cast<std::size_t>(batch) * static_cast<std::size_t>(op.size);
  const std::vector<T> ones(n, T(1));
  auto drawn = [&](std::uint64_t seed, std::uint64_t step, int leaf, bool backward) {
    std::vector<T> out(n);
    if (backward) {
      ctnet::Backward<T> b;
      b.batch = batch, b.grad_out = ones.data(), b.grad_in[0] = out.data(), b.draw = {seed, step, leaf};
      ctnet::Kernel<ctnet::DropoutOp, B>::backward(op, b);
    } else {
      ctnet::Forward<T> f;
      f.batch = batch, f.training = true, f.in[0] = ones.data(), f.out = out.data(), f.draw = {seed, step, leaf};
      ctnet::Kernel<ctnet::DropoutOp, B>::forward(op, f);
    }
    return out;
  };
  const std::vector<T> mask = drawn(1, 2, 3, false);
  std::size_t zeros = 0;
  for (const T v : mask) {
    zeros += v == T(0);
    if (v != T(0)) REQUIRE(std::fabs(static_cast<double>(v) - 1 / (1 - p)) < layer_bound<T> / (1 - p));
  }
  const double sigma = std::sqrt(p * (1 - p) * static_cast<double>(n));
  CHECK_MESSAGE(std::fabs(static_cast<double>(zeros) - p * static_cast<double>(n)) <= 5 * sigma, backend, ": ", zeros,
                " of ", n, " are zero, p is ", p);
  CHECK(drawn(1, 2, 3, false) == mask);
  CHECK(drawn(1, 2, 3, true) == mask);
  if (p == 0) return;
  for (const auto& other : {drawn(2, 2, 3, false), drawn(1, 3, 3, false), drawn(1, 2, 4, false)}) {
    std::size_t both = 0;  // independent masks are zero together with probability p^2
    for (std::size_t i = 0; i < n; ++i) both += mask[i] == T(0) && other[i] == T(0);
    const double q = p * p, at_random = q * static_cast<double>(n);
    CHECK(std::fabs(static_cast<double>(both) - at_random) <= 5 * std::sqrt(q * (1 - q) * static_cast<double>(n)));
  }
}
TEST_CASE("dropout: probability, scale, and what the mask depends on") {
  auto all = [&]<class B>(B*) {
    on_every_target<B>([](const std::string& b) {
      mask_of<B>(0.5, Dropout<>::op({3, 50, 51}, {}), b);
      mask_of<B>(0.2, Dropout<20>::op({10001}, {}), b);
      mask_of<B>(1.0 / 3, Dropout<1, 3>::op({9999}, {}), b);
      mask_of<B>(0, Dropout<0>::op({999}, {}), b);
      mask_of<B>(0.999, Dropout<999, 1000>::op({20002}, {}), b);
    });
  };
  all(static_cast<Reference<double>*>(nullptr));
  all(static_cast<Cpu<float>*>(nullptr));
  all(static_cast<Cpu<double>*>(nullptr));
}
