// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

using namespace test;

TEST_CASE("max pool: every backend against the plain loops in double") {
  conforms_everywhere(pool::recorded_max());
  conforms_everywhere(pool::wide_max(), {1, 2});
}
TEST_CASE("avg pool: every backend against the plain loops in double") {
  conforms_everywhere(pool::recorded_avg());
  conforms_everywhere(pool::wide_avg(), {1, 2});
}
TEST_CASE("adaptive avg pool: every backend against the plain loops in double") {
  conforms_everywhere(pool::recorded_adaptive());
  conforms_everywhere(pool::wide_adaptive(), {1, 2});
}
TEST_CASE("pools: gradients by central differences") {
  gradients_are_right(pool::recorded_max());
  gradients_are_right(pool::recorded_avg());
  gradients_are_right(pool::recorded_adaptive());
}

// Where values are equal the first takes the gradient; a NaN wins; minus infinity is a value as any other.
TEST_CASE("max pool: ties, NaN and infinities on every backend") {
  auto cases = pool::recorded_max();
  for (const auto& c : pool::wide_max()) cases.push_back(c);
  for (const auto& c : cases) {
    Inputs in = inputs_of(c, 2);
    for (const int kind : {0, 1, 2, 3}) {
      std::size_t i = 0;
      for (double& v : in.x[0]) {
        v = std::floor(value_at(c.name + ".ties", i) * 3) / 2;
        if (kind == 1 && i % 5 == 3) v = std::nan("");
        if (kind == 2 && i % 3 != 1) v = -HUGE_VAL;
        if (kind == 3) v = -HUGE_VAL;
        ++i;
      }
      auto forward_and_back = [&]<class B>(B*) {
        using T = typename B::scalar;
        std::vector<T> x(in.x[0].begin(), in.x[0].end()), g(in.grad_out.begin(), in.grad_out.end()), y(g.size()),
            gx(x.size());
        std::vector<T> scratch(static_cast<std::size_t>(scratch_of<ctnet::MaxPoolOp, B>(c.op)));
        ctnet::Forward<T> f;
        f.batch = 2, f.in[0] = x.data(), f.out = y.data(), f.scratch = scratch.data();
        ctnet::Kernel<ctnet::MaxPoolOp, B>::forward(c.op, f);
        ctnet::Backward<T> b;
        b.batch = 2, b.in[0] = x.data(), b.out = y.data(), b.grad_out = g.data(), b.grad_in[0] = gx.data();
        b.scratch = scratch.data();
        ctnet::Kernel<ctnet::MaxPoolOp, B>::backward(c.op, b);
        Doubles all(y.begin(), y.end());
        all.insert(all.end(), gx.begin(), gx.end());
        return all;
      };
      const Doubles want = forward_and_back(static_cast<Reference<double>*>(nullptr));
      const std::string what = c.name + ", kind " + std::to_string(kind) + ", ";
      on_every_target<Cpu<float>>([&](const std::string& b) {
        check_close(forward_and_back(static_cast<Cpu<float>*>(nullptr)), want, 1e-6, what + b);
      });
      on_every_target<Cpu<double>>([&](const std::string& b) {
        check_close(forward_and_back(static_cast<Cpu<double>*>(nullptr)), want, 1e-14, what + b);
      });
    }
  }
}
