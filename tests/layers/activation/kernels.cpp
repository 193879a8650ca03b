// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

using namespace test;

TEST_CASE("activations: every backend against the plain loops in double") {
  conforms_everywhere(activation::recorded());
}
TEST_CASE("activations: every length") { conforms_everywhere(activation::all_lengths(), {1, 3}); }
TEST_CASE("softmax: every backend against the plain loops in double") {
  conforms_everywhere(activation::recorded_softmax());
  conforms_everywhere(activation::more_softmax());
}
TEST_CASE("activations: gradients by central differences") {
  gradients_are_right(activation::recorded());
  gradients_are_right(activation::recorded_softmax());
}

// The same special values in every lane of a vector, and the slope at them.
template <class B>
static void special_values(ctnet::Act act, const std::string& backend) {
  using T = typename B::scalar;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T least = std::numeric_limits<T>::denorm_min(), huge = std::numeric_limits<T>::max();
  std::vector<T> x;
  for (const T v : {T(0), -T(0), T(1), T(-1), T(88), T(-88), T(104), T(-104), T(710), T(-710), T(1e4), T(-1e4), least,
                    -least, std::numeric_limits<T>::min(), huge, -huge, nan})
    x.push_back(v);
  const bool bounded = act != ctnet::Act::gelu && act != ctnet::Act::silu;  // those are 0 times infinity at one end
  if (bounded) x.push_back(inf), x.push_back(-inf);
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < 64; ++i) x.push_back(x[(i * 7 + i / n) % n]);
  const std::vector<T> ones(x.size(), T(1));
  const ctnet::ActivationOp op{static_cast<int>(act), static_cast<int>(x.size()), 1, 100};
  auto both = [&]<class Backend>(Backend*) {
    std::vector<T> y(x.size()), g(x.size());
    ctnet::Forward<T> f;
    f.batch = 1;
    f.in[0] = x.data();
    f.out = y.data();
    ctnet::Kernel<ctnet::ActivationOp, Backend>::forward(op, f);
    ctnet::Backward<T> b;
    b.batch = 1;
    b.in[0] = x.data();
    b.out = y.data();
    b.grad_out = ones.data();
    b.grad_in[0] = g.data();
    ctnet::Kernel<ctnet::ActivationOp, Backend>::backward(op, b);
    y.insert(y.end(), g.begin(), g.end());
    return y;
  };
  const std::vector<T> got = both(static_cast<B*>(nullptr)), want = both(static_cast<Reference<T>*>(nullptr));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto g = static_cast<double>(got[i]), w = static_cast<double>(want[i]);
    const bool same =
        std::isnan(w) ? std::isnan(g) : g == w || std::fabs(g - w) <= layer_bound<T> * std::fmax(1, std::fabs(w));
    CHECK_MESSAGE(same, backend, ", activation ", static_cast<int>(act), (i < x.size() ? ": f(" : ": slope at "),
                  static_cast<double>(x[i % x.size()]), " is ", g, ", expected ", w);
  }
}
TEST_CASE("activations: zeros, infinities, NaN, the largest and the smallest numbers") {
  using ctnet::Act;
  for (const Act act : {Act::relu, Act::leaky_relu, Act::sigmoid, Act::tanh, Act::gelu, Act::silu}) {
    on_every_target<Cpu<float>>([&](const std::string& b) { special_values<Cpu<float>>(act, b); });
    on_every_target<Cpu<double>>([&](const std::string& b) { special_values<Cpu<double>>(act, b); });
  }
}
