// SPDX-License-Identifier: MIT
// What Network promises: forward, predict and backward, gradients that add up, batches of any size, errors.
#include "nets.hpp"

#include <cmath>
#include <string>

#include "../support/compare.hpp"
#include "../support/targets.hpp"
#include "../support/values.hpp"
#include "support/error.hpp"

using namespace test;
using namespace ctnet;

struct Mixed : Sequential<Conv<3, 4, 3, Pad<1>>, BatchNorm<4>, ReLU, Tap<"a">,
                          Residual<Sequential<Conv<4, 4, 3, Pad<1>, NoBias>, GELU>>, MaxPool<2>,
                          Concat<Conv<4, 2, 1>, Sequential<AvgPool<3, Stride<1>, Pad<1>>, SiLU>, Sequential<>>, Sigmoid,
                          Dropout<>, AdaptiveAvgPool<6, 5>, ConcatTap<"a">, Flatten, Tanh, Linear<420, 5>, LeakyReLU<>,
                          Softmax> {};
using MixedInput = Image<3, 6, 5>;

using test::error_of;

// d/dv of sum(w y) by central differences, through the whole network.
template <class Net, class Input, class B>
static void gradients_are_right(const std::string& backend) {
  Network<Net, Input, B> net{Seed{3}};
  const std::size_t n = 3, in = n * static_cast<std::size_t>(Input::shape.size());
  const std::size_t out = n * static_cast<std::size_t>(decltype(net)::Facts::output.size());
  auto x = values("x", in);
  const auto w = values("w", out);
  const auto f = [&] {
    net.engine().random_state(3, 0);  // the same masks each time
    const auto y = net.forward(x);
    double sum = 0;
    for (std::size_t i = 0; i < out; ++i) sum += y[i] * w[i];
    return sum;
  };
  f();
  const auto view = net.backward_to_input(w);
  const std::vector<double> grad_x(view.begin(), view.end()), grad(net.gradients().begin(), net.gradients().end());
  const auto probe = [&](auto& v, const std::vector<double>& gradient, const std::string& of) {
    std::vector<double> got, want;
    double largest = 0;
    for (const double g : gradient) largest = std::fmax(largest, std::fabs(g));
    for (std::size_t i = 0; i < v.size(); i += v.size() < 300 ? 1 : 1 + v.size() / 200) {
      const double middle = v[i], h = 1e-5;
      v[i] = middle + h;
      const double above = f();
      v[i] = middle - h;
      want.push_back((above - f()) / (2 * h));
      v[i] = middle;
      got.push_back(gradient[i]);
    }
    check_close(got, want, 1e-6, backend + ": central differences by " + of, largest);
  };
  probe(x, grad_x, "the input");
  auto parameters = net.parameters();
  probe(parameters, grad, "the parameters");
}
TEST_CASE("whole networks: gradients by central differences") {
  on_every_target<Reference<double>>([](const std::string& b) {
    gradients_are_right<Mixed, MixedInput, Reference<double>>(b);
    gradients_are_right<nets::Inception, Image<3, 9, 11>, Reference<double>>(b);
    gradients_are_right<nets::UNet, Image<2, 7, 9>, Reference<double>>(b);
  });
  on_every_target<Cpu<double>>([](const std::string& b) { gradients_are_right<Mixed, MixedInput, Cpu<double>>(b); });
}

using Small = Network<Mixed, MixedInput, Cpu<double>>;
static constexpr std::size_t image = 90;

static std::vector<double> copied(View<const double> v) { return {v.begin(), v.end()}; }

TEST_CASE("gradients add up until zero_grad, and read as zeros after it") {
  Small net{Seed{1}};
  const auto x = values("x", 2 * image), g = values("g", 2 * 5);
  for (const double v : net.gradients()) REQUIRE(v == 0);
  const auto once = [&] {
    net.engine().random_state(1, 0);
    net.forward(x);
    net.backward(g);
    return std::vector<double>(net.gradients().begin(), net.gradients().end());
  };
  const auto first = once();
  auto twice = first;
  for (double& v : twice) v *= 2;
  check_close(once(), twice, 1e-12, "the second backward adds");
  net.zero_grad();
  for (const double v : net.gradients()) REQUIRE(v == 0);
  check_same_bits(once(), first, "after zero_grad");
  net.zero_grad();
  check_same_bits(once(), first, "after zero_grad, gradients not looked at in between");
}

TEST_CASE("predict has no state: same bits again, running statistics and random state untouched") {
  Small net{Seed{1}};
  const auto x = values("x", 3 * image);
  net.forward(x);
  const auto state = net.state();
  const auto y = copied(net.predict(x));
  check_same_bits(net.predict(x), y, "predict again");
  CHECK(net.state() == state);
  for (std::size_t n = 0; n < 3; ++n) {  // an image's result does not depend on its neighbours
    const auto one = net.predict(std::span<const double>(x).subspan(n * image, image));
    check_close(one, std::span<const double>(y).subspan(n * 5, 5), 1e-12, "image by image");
  }
  const auto step = net.engine().step();
  net.predict(x);
  CHECK(net.engine().step() == step);
}

TEST_CASE("same seed, same bits; another seed, other weights") {
  Small a{Seed{1}}, b{Seed{1}}, c{Seed{2}};
  CHECK(a.state() == b.state());
  CHECK(a.state() != c.state());
  const auto x = values("x", 2 * image), g = values("g", 2 * 5);
  for (int i = 0; i < 3; ++i) {
    check_same_bits(a.forward(x), b.forward(x), "forward");
    check_same_bits(a.backward_to_input(g), b.backward_to_input(g), "backward");
  }
  check_same_bits(a.gradients(), b.gradients(), "gradients");
}

TEST_CASE("dropout draws another mask each step") {
  Network<Sequential<Dropout<>>, Features<64>, Cpu<float>> net{Seed{1}};
  const std::vector<float> ones(64, 1.f);
  const std::vector<float> a = net.forward(ones), b = net.forward(ones), y = net.predict(ones);
  CHECK(a != b);
  CHECK(y == ones);
}

TEST_CASE("batches grow and shrink") {
  Small net{Seed{1}}, fresh{Seed{1}};
  const auto x = values("x", 9 * image);
  const auto part = [&](std::size_t n) { return std::span<const double>(x).subspan(0, n * image); };
  for (const std::size_t n : {2u, 9u, 1u, 4u}) {
    net.predict(part(n));
    check_close(net.predict(part(1)), fresh.predict(part(1)), 1e-12, "after a batch of " + std::to_string(n));
  }
}

TEST_CASE("the input is not written to, wherever it is read") {
  Network<Sequential<ReLU, Dropout<>, Sigmoid>, Features<7>, Cpu<double>> net{Seed{1}};
  const auto x = values("x", 14);
  auto mine = x;
  net.predict(mine);
  CHECK(mine == x);
  net.forward(mine);
  CHECK(mine == x);
  net.backward(values("g", 14));
  CHECK(mine == x);
}

TEST_CASE("networks without layers, or of views only, pass their input on") {
  Network<Sequential<>, Image<2, 3, 4>, Cpu<float>> none{Seed{1}};
  Network<Sequential<Flatten>, Image<2, 3, 4>, Cpu<float>> view{Seed{1}};
  const auto x = values<float>("x", 48);
  const auto pass = [&](auto& net) {
    CHECK(std::vector<float>(net.predict(x)) == x);
    CHECK(std::vector<float>(net.forward(x)) == x);
    CHECK(std::vector<float>(net.backward_to_input(x)) == x);
    CHECK(error_of([&] { net.backward(x); }).find("no forward before it") != std::string::npos);  // each serves one
    net.forward(x);
    net.backward(x);
    CHECK(net.parameters().empty());
    CHECK(net.state().empty());
  };
  pass(none);
  pass(view);
  CHECK(view.predict(x).rank() == 2);
  CHECK(none.predict(x).rank() == 4);
}

TEST_CASE("float networks take doubles and the other way round") {
  Network<Mixed, MixedInput, Cpu<float>> single{Seed{1}};
  Small dbl{Seed{1}};
  const auto x = values("x", 2 * image);
  const auto xf = values<float>("x", 2 * image);
  const std::vector<float> y = single.predict(xf);
  check_same_bits(single.predict(x), y, "doubles into a float network");
  const std::vector<double> z = dbl.predict(x);
  check_same_bits(dbl.predict(xf), z, "floats into a double network");
}

TEST_CASE("errors name the tensor and both sizes") {
  Small net{Seed{1}};
  const auto x = values("x", 2 * image);
  CHECK(error_of([&] { net.backward(values("g", 10)); }).find("no forward before it") != std::string::npos);
  CHECK(error_of([&] { net.forward(values("x", 91)); }) ==
        "forward: the input has 91 elements, expected a multiple of 3 x 6 x 5 = 90");
  CHECK(error_of([&] { net.predict(values("x", 89)); }) ==
        "predict: the input has 89 elements, expected a multiple of 3 x 6 x 5 = 90");
  net.forward(x);
  CHECK(error_of([&] { net.backward(values("g", 11)); }) ==
        "backward: the gradient has 11 elements, expected a multiple of 5 = 5");
  CHECK(error_of([&] { net.backward(values("g", 15)); }) ==
        "backward: the gradient is of 3 images, the last forward was of 2");
  net.backward(values("g", 10));  // what went before did not harm
  net.predict(x);
  CHECK(error_of([&] { net.backward(values("g", 10)); }).find("no forward before it") != std::string::npos);
  const auto state = net.state();
  CHECK(error_of([&] { net.load_state(values("s", 3)); }) ==
        "load_state: 3 values, expected " + std::to_string(Small::Facts::state_size));
  CHECK(net.state() == state);
  Network<Sequential<BatchNorm<2>>, Features<2>, Cpu<float>> norm{Seed{1}};
  CHECK(error_of([&] { norm.forward(values("x", 2)); }).find("expected at least 2") != std::string::npos);
  norm.predict(values("x", 2));
}

TEST_CASE("initial values: PyTorch's bounds and moments, zeros and ones for norms") {
  Network<Sequential<Conv<16, 64, 3, Groups<2>>, BatchNorm<64>, GlobalAvgPool, Flatten, Linear<64, 500>>,
          Image<16, 8, 8>, Cpu<double>>
      net{Seed{1}};
  for (const TensorPlace& t : net.tensors()) {
    const auto v = net.values(t);
    if (t.leaf == 1) {  // weight 1, bias 0, mean 0, variance 1
      const double want = t.spec.role == TensorRole::weight || t.spec.role == TensorRole::running_var ? 1 : 0;
      for (const double e : v) REQUIRE(e == want);
      continue;
    }
    const double bound = 1 / std::sqrt(t.leaf == 0 ? 8 * 3 * 3 : 64);
    double sum = 0, squares = 0, largest = 0;
    for (const double e : v) {
      sum += e, squares += e * e;
      largest = std::fmax(largest, std::fabs(e));
    }
    const auto n = static_cast<double>(v.size());
    CHECK(largest <= bound);
    CHECK(largest > bound * (1 - 10 / n));
    CHECK(std::fabs(sum / n) < 5 * bound / std::sqrt(3 * n));
    CHECK(std::fabs(squares / n - bound * bound / 3) < 5 * bound * bound * std::sqrt(4.0 / 45 / n));
  }
}
