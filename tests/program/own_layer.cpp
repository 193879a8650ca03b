// SPDX-License-Identifier: MIT
// The layers and the container of include/ctnet/YOUR_LAYER.md, which shows parts of this file word for word
// (tests/headers/pages.py compares them): trained, checked, saved, deployed.
#include <ctnet/ctnet.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "support/compare.hpp"
#include "support/values.hpp"

namespace mine {

using namespace ctnet;

// x relu6(x + 3) / 6, PyTorch's Hardswish
struct HardSwishOp {
  int size;  // values of an image
};
struct HardSwish : NoState {
  using Op = HardSwishOp;
  static constexpr Traits traits{.keeps_input = true};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr Op op(Shape in, Shape) { return {static_cast<int>(in.size())}; }
};

}  // namespace mine

template <class T>
struct ctnet::Kernel<mine::HardSwishOp, ctnet::Reference<T>> {
  static void forward(const mine::HardSwishOp& o, const Forward<T>& a) {
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) {
      const T x = a.in[0][i];
      a.out[i] = x * std::clamp(x + 3, T(0), T(6)) / 6;
    }
  }
  static void backward(const mine::HardSwishOp& o, const Backward<T>& a) {
    if (!a.grad_in[0]) return;
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) {
      const T x = a.in[0][i];
      a.grad_in[0][i] = a.grad_out[i] * (x <= -3 ? T(0) : x >= 3 ? T(1) : (2 * x + 3) / 6);
    }
  }
};

template <>
struct ctnet::Kernel<mine::HardSwishOp, ctnet::Cpu<float>> : ctnet::Kernel<mine::HardSwishOp, ctnet::Reference<float>> {
  static void forward(const mine::HardSwishOp& o, const Forward<float>& a) {
    const float* __restrict in = a.in[0];
    float* __restrict out = a.out;
    const i64 n = i64{a.batch} * o.size;
    for (i64 i = 0; i < n; ++i) {
      const float x = in[i], up = x + 3 < 0 ? 0.0f : x + 3;
      out[i] = x * (up > 6 ? 6.0f : up) / 6;
    }
  }
};

namespace mine {

// y(n, c, :) = weight(c) x(n, c, :)
struct ScaleOp {
  int c, plane;
};
template <int C>
struct Scale {
  using Op = ScaleOp;
  static constexpr Traits traits{.keeps_input = true};
  static constexpr Shape infer(Shape in, Diagnosis& d) {
    if (in.c() != C) d.blame(FaultKind::channels, Shape{C}, in);
    return in;
  }
  static constexpr TensorSpecs tensors() {
    TensorSpecs t;
    t.add({TensorRole::weight, 1, {C}, Init::ones, 0, false});
    return t;
  }
  static constexpr i64 macs(Shape, Shape out) { return out.size(); }
  static constexpr Op op(Shape in, Shape) { return {in.c(), static_cast<int>(in.plane())}; }
};

}  // namespace mine

template <class T>
struct ctnet::Kernel<mine::ScaleOp, ctnet::Reference<T>> {
  static void forward(const mine::ScaleOp& o, const Forward<T>& a) {
    each(o, a.batch, [&](i64 i, int c) { a.out[i] = a.parameters[c] * a.in[0][i]; });
  }
  static void backward(const mine::ScaleOp& o, const Backward<T>& a) {
    if (!a.accumulate) std::fill_n(a.grad_parameters, o.c, T(0));
    each(o, a.batch, [&](i64 i, int c) {
      a.grad_parameters[c] += a.grad_out[i] * a.in[0][i];
      if (a.grad_in[0]) a.grad_in[0][i] = a.grad_out[i] * a.parameters[c];
    });
  }

 private:
  template <class F>
  static void each(const mine::ScaleOp& o, int batch, F f) {
    for (i64 i = 0; i < i64{batch} * o.c * o.plane; ++i) f(i, static_cast<int>(i / o.plane % o.c));
  }
};

namespace mine {

// A block is a name for what it is made of.
template <int C>
struct Block : Residual<Sequential<Conv<C, C, 3, Pad<1>>, BatchNorm<C>, HardSwish, Scale<C>>> {};

// x0 x1, the operation that Gated ends with
struct MultiplyOp {
  int size;
};
struct Multiply : NoState {
  using Op = MultiplyOp;
  static constexpr Traits traits{.keeps_input = true};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr Op op(Shape, Shape out) { return {static_cast<int>(out.size())}; }
};

// x gate(x), where gate keeps the shape
template <class Gate>
struct Gated {
  using Kids = detail::Children<Gate, Multiply>;
  static constexpr int leaf_count = Kids::sum();

  static constexpr int emit(Builder& b, int v) {
    const int in[] = {v, detail::emit<Gate>(b, v)};
    const Shape out = b.shape(v);
    if (!(b.shape(in[1]) == out)) b.blame(FaultKind::branch, out, b.shape(in[1]), 1);
    return b.push(in, 2, out, Multiply::traits, pack_op(Multiply::op(out, out)));
  }
  template <class V>
  static constexpr void walk(V& v) {
    v.enter("gate"), detail::walk<Gate>(v), v.leave();
    v.enter("multiply"), detail::walk<Multiply>(v), v.leave();
  }
};

}  // namespace mine

template <class T>
struct ctnet::Kernel<mine::MultiplyOp, ctnet::Reference<T>> {
  static void forward(const mine::MultiplyOp& o, const Forward<T>& a) {
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.out[i] = a.in[0][i] * a.in[1][i];
  }
  static void backward(const mine::MultiplyOp& o, const Backward<T>& a) {
    for (int j = 0; j < 2; ++j)
      if (a.grad_in[j])
        for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.grad_in[j][i] = a.grad_out[i] * a.in[1 - j][i];
  }
};

namespace {

using namespace ctnet;

using Net = Sequential<Conv<3, 4, 3, Pad<1>>, mine::HardSwish, mine::Block<4>,
                       mine::Gated<Sequential<Conv<4, 4, 1>, Sigmoid>>, GlobalAvgPool, Flatten, Linear<4, 2>>;
using In = Image<3, 6, 5>;

}  // namespace

TEST_CASE("your own layer: values") {
  const std::vector<double> x{-4, -3, -1, 0, 1, 3, 4, 2.5};
  Network<Sequential<mine::HardSwish>, Features<8>, Reference<double>> net;
  Network<Sequential<mine::HardSwish>, Features<8>> fast;
  const std::vector<float> xf(x.begin(), x.end());
  const auto y = net.predict(x);
  const auto yf = fast.predict(xf);
  const double torch[] = {0, 0, -1.0 / 3, 0, 2.0 / 3, 3, 4, 2.5 * 5.5 / 6};
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(y[i] == doctest::Approx(torch[i]));
    CHECK(static_cast<double>(yf[i]) == doctest::Approx(torch[i]));
  }
}

namespace mine {
// No kernel has a backward.
struct StepOp {
  int size;
};
struct Step : NoState {
  using Op = StepOp;
  static constexpr Traits traits{};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr Op op(Shape in, Shape) { return {static_cast<int>(in.size())}; }
};
}  // namespace mine
template <class T>
struct ctnet::Kernel<mine::StepOp, ctnet::Reference<T>> {
  static void forward(const mine::StepOp& o, const Forward<T>& a) {
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) a.out[i] = a.in[0][i] > 0;
  }
};
TEST_CASE("your own layer: without backward a network predicts") {
  Network<Sequential<Linear<2, 1, NoBias>, mine::Step>, Features<2>> net;
  CHECK(!decltype(net)::trains);
  net.load_state(std::vector<float>{1, -1});
  const auto y = net.predict(std::vector<float>{3, 2, 2, 3});
  CHECK(y[0] == 1);
  CHECK(y[1] == 0);
}

TEST_CASE("your own layer: gradients against central differences") {
  Network<Net, In, Reference<double>> net{Seed{3}};
  const auto x = test::distinct_values(5, 2 * In::shape.size());
  const std::vector<int> labels{0, 1};
  const auto loss = [&] { return CrossEntropy{}(net.forward(x), labels).value; };
  net.zero_grad();
  net.backward(CrossEntropy{}(net.forward(x), labels).gradient);
  const std::vector<double> gradients(net.gradients().begin(), net.gradients().end());
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    double& parameter = net.parameters()[i];
    const double h = 1e-5, was = parameter;
    parameter = was + h;
    const double above = loss();
    parameter = was - h;
    const double below = loss();
    parameter = was;
    CHECK(gradients[i] == doctest::Approx((above - below) / (2 * h)).epsilon(1e-6));
  }
}

TEST_CASE("your own layer: trained, saved, deployed") {
  std::vector<float> images;
  std::vector<int> labels;
  Random random{Seed{1}};
  for (int i = 0; i < 64; ++i) {
    labels.push_back(i % 2);
    for (int k = 0; k < In::shape.size(); ++k)
      images.push_back(static_cast<float>(random.uniform(-1, 1) + (i % 2 ? 0.7 : -0.7)));
  }
  const data::TensorDataset<In> set{images, labels};
  Network<Net, In> net{Seed{2}};
  fit(net, data::Loader{set, data::Compose{}, {.batch_size = 8, .shuffle = true}}, Adam{.learning_rate = 0.01f},
      CrossEntropy{}, {.epochs = 10});
  CHECK(evaluate(net, data::Loader{set, data::Compose{}, {.batch_size = 64}}).accuracy > 0.95);

  std::vector<std::string> names;
  for (const auto& name : detail::tensor_names<Net>(net.tensors())) names.emplace_back(name);
  CHECK(std::find(names.begin(), names.end(), "3.gate.0.weight") != names.end());
  CHECK(std::find(names.begin(), names.end(), "2.main.3.weight") != names.end());

  save(net, "own_layer.safetensors");
  Network<Net, In> other;
  load(other, "own_layer.safetensors");
  std::remove("own_layer.safetensors");

  const auto deployed = deploy(other);
  const auto scores = net.predict(images);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::span<const float, 3 * 6 * 5> image{images.data() + i * 3 * 6 * 5, 3 * 6 * 5};
    const auto fast = (*deployed)(image);
    for (std::size_t c = 0; c < 2; ++c) CHECK(fast[c] == doctest::Approx(scores(i, c)).epsilon(1e-4));
  }
}
