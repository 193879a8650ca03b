// SPDX-License-Identifier: MIT
// Networks on the GPU against the plain loops in double: forward, backward, predict and running statistics of networks
// with shortcuts, branches and taps, whose lists are rewritten for fused kernels; and the host's view of their numbers.
#include <cmath>
#include <memory>
#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>

#include "program/nets.hpp"
#include "program/random_graph.hpp"
#include "support/compare.hpp"
#include "support/error.hpp"
#include "support/values.hpp"

using namespace test;
using ctnet::Cuda;
using ctnet::Reference;
using ctnet::Seed;

// A caller's own layer of two values, with kernels of its own: x0 x1, which rewriting must not take for a sum.
namespace mine {
struct ProductOp {
  int size;
};
struct Product : ctnet::NoState {
  using Op = ProductOp;
  static constexpr ctnet::Traits traits{.role = ctnet::Role::join, .keeps_input = true};
  static constexpr ctnet::Shape infer(ctnet::Shape in, ctnet::Diagnosis&) { return in; }
  static constexpr Op op(ctnet::Shape, ctnet::Shape out) { return {static_cast<int>(out.size())}; }
};
// x gate(x)
template <class Gate>
struct Gated {
  using Kids = ctnet::detail::Children<Gate, Product>;
  static constexpr int leaf_count = Kids::sum();

  static constexpr int emit(ctnet::Builder& b, int v) {
    const int in[] = {v, ctnet::detail::emit<Gate>(b, v)};
    const ctnet::Shape out = b.shape(v);
    return b.push(in, 2, out, Product::traits, ctnet::pack_op(Product::op(out, out)));
  }
  template <class V>
  static constexpr void walk(V& v) {
    v.enter("gate"), ctnet::detail::walk<Gate>(v), v.leave();
    v.enter("product"), ctnet::detail::walk<Product>(v), v.leave();
  }
};
template <class T>
struct Times {
  const T *a, *b;
  T* out;
  CTNET_HD void operator()(ctnet::i64 i) const { out[i] = a[i] * b[i]; }
};
}  // namespace mine
template <class T>
struct ctnet::Kernel<mine::ProductOp, ctnet::Reference<T>> {
  static void forward(const mine::ProductOp& o, const Forward<T>& a) {
    for (i64 i = 0; i < i64{a.batch} * o.size; ++i) mine::Times<T>{a.in[0], a.in[1], a.out}(i);
  }
  static void backward(const mine::ProductOp& o, const Backward<T>& a) {
    for (int j = 0; j < 2; ++j)
      for (i64 i = 0; a.grad_in[j] && i < i64{a.batch} * o.size; ++i)
        mine::Times<T>{a.grad_out, a.in[1 - j], a.grad_in[j]}(i);
  }
};
template <class P, class... Q>
struct ctnet::Kernel<mine::ProductOp, ctnet::Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;
  static void forward(const mine::ProductOp& o, const cuda::Forward<T>& a) {
    cuda::each(a.queue, "product", i64{a.batch} * o.size, mine::Times<T>{a.in[0], a.in[1], a.out});
  }
  static void backward(const mine::ProductOp& o, const cuda::Backward<T>& a) {
    for (int j = 0; j < 2; ++j)
      if (a.grad_in[j])
        cuda::each(a.queue, "product backward", i64{a.batch} * o.size,
                   mine::Times<T>{a.grad_out, a.in[1 - j], a.grad_in[j]});
  }
};

namespace {

template <class Backend, class Net, class Input>
void like_the_definition(double bound) {
  using T = typename Backend::scalar;
  ctnet::Network<Net, Input, Reference<double>> want{Seed{4}};
  ctnet::Network<Net, Input, Backend> got{Seed{4}};
  const auto near = [&](const auto& a, const auto& b, const char* what) {
    const double e = relative_error(a, b);
    CHECK_MESSAGE(e <= bound, what, ": ", e);
  };
  const std::size_t in = static_cast<std::size_t>(Input::shape.size());
  const std::size_t out = static_cast<std::size_t>(ctnet::Analysis<Net, Input>::output.size());
  for (const std::size_t batch : {3u, 5u, 2u, 5u, 5u}) {
    CAPTURE(batch);
    const auto x = values<T>("x", batch * in);
    const auto grad = values<T>("g", batch * out);
    const std::vector<double> wide_x(x.begin(), x.end()), wide_grad(grad.begin(), grad.end());
    near(got.predict(x), want.predict(wide_x), "predict");
    near(got.forward(x), want.forward(wide_x), "forward");
    near(got.backward_to_input(grad), want.backward_to_input(wide_grad), "gradient of the input");
    near(got.gradients(), want.gradients(), "gradients");
    near(got.statistics(), want.statistics(), "running statistics");
    got.forward(x);
    want.forward(wide_x);
    got.backward(grad);
    want.backward(wide_grad);
    near(got.gradients(), want.gradients(), "gradients added up");
    got.zero_grad();
    want.zero_grad();
    near(got.predict(x), want.predict(wide_x), "predict after training");
  }
}
template <class Net, class Input>
void like_the_definition() {
  SUBCASE("double") { like_the_definition<Cuda<double>, Net, Input>(1e-10); }
  SUBCASE("float") { like_the_definition<Cuda<>, Net, Input>(1e-5); }
}

}  // namespace

TEST_CASE("cuda: LeNet is like its definition") { like_the_definition<nets::LeNet, ctnet::Image<3, 32, 32>>(); }
TEST_CASE("cuda: a ResNet is like its definition") { like_the_definition<nets::ResNet, ctnet::Image<3, 17, 15>>(); }
TEST_CASE("cuda: an Inception is like its definition") {
  like_the_definition<nets::Inception, ctnet::Image<3, 9, 8>>();
}
TEST_CASE("cuda: a U-Net is like its definition") { like_the_definition<nets::UNet, ctnet::Image<2, 6, 7>>(); }
TEST_CASE("cuda: a layer of one's own that multiplies is like its definition") {
  using ctnet::Conv, ctnet::Pad, ctnet::BatchNorm, ctnet::ReLU, ctnet::Sequential;
  using Net = Sequential<Conv<3, 4, 3, Pad<1>>, ReLU, mine::Gated<Conv<4, 4, 3, Pad<1>>>,
                         mine::Gated<Sequential<Conv<4, 4, 1>, BatchNorm<4>>>, ReLU, ctnet::Flatten,
                         ctnet::Linear<4 * 7 * 5, 3>>;
  like_the_definition<Cuda<>, Net, ctnet::Image<3, 7, 5>>(1e-5);
}
TEST_CASE("cuda: tf32 and bfloat16 are near") {
  like_the_definition<Cuda<ctnet::tf32>, nets::ResNet, ctnet::Image<3, 17, 15>>(2e-2);
  like_the_definition<Cuda<ctnet::bfloat16>, nets::ResNet, ctnet::Image<3, 17, 15>>(1e-1);
}

TEST_CASE("cuda: rewriting changes nothing, graphs drawn at random") {
  using Graphs = Drawn<Cuda<double>>;
  const auto d = std::make_unique<Graphs>();
  const auto plain = std::make_unique<Drawn<Reference<double>>>();
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    draw_graph(seed, *d);
    draw_graph(seed, *plain);
    unsigned takes[graph_room] = {};
    for (int i = 0; i < d->graph.ops; ++i) takes[i] = d->step[i].takes;
    const auto training = ctnet::fuse(d->graph, takes, true), inference = ctnet::fuse(d->graph, takes, false);
    const auto training_plan = plan_training(training.graph);
    const auto inference_plan = plan_inference(inference.graph);
    ctnet::cuda::Passes passes{{ctnet::Program::of(training.graph), training.fused},
                               {ctnet::Program::of(inference.graph), inference.fused}};
    passes.training.program.plan(training_plan);
    passes.inference.program.plan(inference_plan);
    ctnet::Engine<Cuda<double>> got(passes, d->step);
    const auto whole_training = plan_training(plain->graph);
    const auto whole_inference = plan_inference(plain->graph);
    ctnet::Program program = ctnet::Program::of(plain->graph);
    program.plan(whole_training);
    program.plan(whole_inference);
    ctnet::Engine<Reference<double>> want(program, plain->step);
    got.initialize(Seed{1});
    want.initialize(Seed{1});
    const std::size_t in = 48, out = static_cast<std::size_t>(plain->graph.value[plain->graph.output].shape.size());
    for (const std::size_t batch : {2u, 3u}) {
      const auto x = values<double>("x", batch * in), grad = values<double>("g", batch * out);
      const auto of = [](const double* y, std::size_t n) { return std::vector<double>(y, y + n); };
      const auto near = [](const auto& a, const auto& b, const char* what) {
        const double e = relative_error(a, b);
        CHECK_MESSAGE(e <= 1e-9, what, ": ", e);
      };
      near(of(got.predict(x.data(), batch), batch * out), of(want.predict(x.data(), batch), batch * out), "predict");
      near(of(got.forward(x.data(), batch), batch * out), of(want.forward(x.data(), batch), batch * out), "forward");
      got.zero_grad();
      want.zero_grad();
      near(of(got.backward(grad.data(), true), batch * in), of(want.backward(grad.data(), true), batch * in),
           "gradient of the input");
      near(got.gradients(), want.gradients(), "gradients");
      near(got.statistics(), want.statistics(), "statistics");
    }
  }
}

TEST_CASE("cuda: the host reads and writes a network's numbers") {
  using Net = ctnet::Sequential<ctnet::Linear<3, 4>, ctnet::Tanh, ctnet::Linear<4, 2>>;
  ctnet::Network<Net, ctnet::Features<3>, Cuda<>> net{Seed{3}};
  ctnet::Network<Net, ctnet::Features<3>, ctnet::Cpu<>> host{Seed{3}};
  const std::vector<float> x{1, 2, 3};
  CHECK(relative_error(net.state(), host.state()) == 0);  // the same seed, the same values
  for (float& v : net.parameters()) v *= 2;
  for (float& v : host.parameters()) v *= 2;
  check_close(net.predict(x), host.predict(x), 1e-5, "predict after parameters were written");
  net.load_state(std::vector<float>(26, 0.25f));
  host.load_state(std::vector<float>(26, 0.25f));
  check_close(net.predict(x), host.predict(x), 1e-5, "predict after load_state");
  net.forward(x);
  net.backward(std::vector<float>{1, -1});
  for (float& g : net.gradients()) g = 7;
  net.forward(x);
  net.backward(std::vector<float>{0, 0});
  for (const float g : net.gradients()) CHECK(g == 7);
  net.zero_grad();
  for (const float g : net.gradients()) CHECK(g == 0);
  auto moved = std::move(net);
  check_close(moved.predict(x), host.predict(x), 1e-5, "predict of a network that was moved");
  CHECK(error_of([&] { net.predict(x); }) == "predict: this network was moved from");
  CHECK(error_of([&] { moved.backward(x); }).find("there is no forward before it") != std::string::npos);
  CHECK(error_of([&] { moved.predict(std::vector<float>(4)); }).find("predict: the input") == 0);
}

TEST_CASE("cuda: a const network, a clone, a network's own memory as its next tensor") {
  using Net = ctnet::Sequential<ctnet::Linear<3, 12>, ctnet::BatchNorm<12>, ctnet::Dropout<1, 4>>;
  using N = ctnet::Network<Net, ctnet::Features<3>, Cuda<>>;
  const auto x = values<float>("x", 6), images = values<float>("y", 24), grad = values<float>("g", 24);
  const auto vector = [](const auto& v) { return std::vector<float>(v.begin(), v.end()); };
  const auto span = [](const auto& v) { return std::span<const float>(v); };  // the answers to 2 images as 8 images
  N a{Seed{3}}, b{Seed{3}};
  for (N* net : {&a, &b}) net->forward(images), net->backward(values<float>("g", 96));
  CHECK(vector(a.predict(span(a.predict(x)))) == vector(b.predict(vector(b.predict(x)))));
  CHECK(vector(a.forward(span(a.predict(x)))) == vector(b.forward(vector(b.predict(x)))));
  CHECK(vector(a.predict(span(a.forward(x)))) == vector(b.predict(vector(b.forward(x)))));
  CHECK(vector(a.forward(span(a.forward(x)))) == vector(b.forward(vector(b.forward(x)))));
  a.forward(x), b.forward(x);
  CHECK(vector(a.forward(a.backward_to_input(grad))) == vector(b.forward(vector(b.backward_to_input(grad)))));

  const N& read = a;
  CHECK(vector(read.predict(x)) == vector(b.predict(x)));
  CHECK(vector(read.parameters()) == vector(b.parameters()));
  CHECK(read.state() == b.state());
  for (float& v : a.parameters()) v = 0.5f;
  CHECK(read.parameters()[0] == 0.5f);  // what the host wrote is not lost by reading
  N twin = read.clone();
  CHECK(twin.state() == a.state());
  CHECK(twin.engine().step() == a.engine().step());
  for (const float g : twin.gradients()) CHECK(g == 0);
  CHECK(vector(twin.forward(x)) == vector(a.forward(x)));  // the same dropout
  for (float& v : twin.parameters()) v = 2;
  CHECK(a.parameters()[0] == 0.5f);
  CHECK(vector(twin.predict(x)) != vector(a.predict(x)));
}

TEST_CASE("cuda: time by layer") {
  ctnet::Network<nets::LeNet, ctnet::Image<3, 32, 32>, Cuda<>> net{Seed{1}};
  const auto before = net.state();
  const auto p = ctnet::profile(net, values<float>("x", 2 * 3072), 2);
  CHECK(p.layers.size() == 12);
  double sum = 0;
  for (const auto& l : p.layers) sum += l.forward + l.backward;
  CHECK(sum > 0);
  CHECK(net.state() == before);
}

#ifdef CTNET_EMULATED_DEVICE
TEST_CASE("cuda: too little memory is an error that says so") {
  using Net = nets::LeNet;
  using In = ctnet::Image<3, 32, 32>;
  ctnet::Network<Net, In, Cuda<>> net{Seed{1}};
  ctnet_device::set_memory_limit(ctnet_device::allocated_bytes() + 10'000'000);
  const std::vector<float> x(4000 * 3072);
  const std::string text = error_of([&] { net.forward(x); });
  CHECK_MESSAGE(text.find("CUDA: out of memory: ") == 0, text);
  CHECK_MESSAGE(text.find("wanted for activations of training") != std::string::npos, text);
  CHECK_MESSAGE(text.find(" free") != std::string::npos, text);
  ctnet_device::set_memory_limit(~std::size_t{0});
  CHECK(net.forward(std::vector<float>(3072)).size() == 10);  // goes on with what fits
}

TEST_CASE("cuda: a call that fails is named") {
  ctnet::Network<nets::LeNet, ctnet::Image<3, 32, 32>, Cuda<>> net{Seed{1}};
  const std::vector<float> x(3072);
  net.predict(x);
  ctnet_device::fail_next("cudaLaunchKernel", cudaErrorLaunchOutOfResources, 1);
  const std::string text = error_of([&] { net.forward(x); });
  CHECK_MESSAGE(text.find("CUDA: launch for ") == 0, text);
  CHECK_MESSAGE(text.find(", forward) at launch.cuh:") != std::string::npos, text);
  CHECK_MESSAGE(text.find("cudaErrorLaunchOutOfResources") != std::string::npos, text);
}
#endif
