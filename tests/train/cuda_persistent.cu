// SPDX-License-Identifier: MIT
// Networks as one kernel (the policy Persistent) against the plain loops in double: predict and whole steps of
// training, each one launch; and that they go back to a graph of kernels where an operation has no phases.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>
#include <ctnet/persistent.hpp>

#include "program/nets.hpp"
#include "support/compare.hpp"
#include "support/error.hpp"
#include "support/values.hpp"
#include "train/problems.hpp"

namespace test {

// A layer of one's own: kernels, but no phases.
struct DoubledOp {
  int size;
};
struct Doubled : ctnet::NoState {
  using Op = DoubledOp;
  static constexpr ctnet::Traits traits{};
  static constexpr ctnet::Shape infer(ctnet::Shape in, ctnet::Diagnosis&) { return in; }
  static constexpr DoubledOp op(ctnet::Shape in, ctnet::Shape) { return {static_cast<int>(in.size())}; }
};
template <class T>
struct Twice {
  const T* from;
  T* to;
  __device__ void operator()(ctnet::i64 i) const { to[i] = 2 * from[i]; }
};

}  // namespace test

namespace ctnet {
template <class P, class... Q>
struct Kernel<test::DoubledOp, Cuda<P, Q...>> {
  using T = typename Cuda<P, Q...>::scalar;
  static void forward(const test::DoubledOp& o, const cuda::Forward<T>& a) {
    cuda::each(a.queue, "doubled", i64{a.batch} * o.size, test::Twice<T>{a.in[0], a.out});
  }
  static void backward(const test::DoubledOp& o, const cuda::Backward<T>& a) {
    if (a.grad_in[0]) cuda::each(a.queue, "doubled", i64{a.batch} * o.size, test::Twice<T>{a.grad_out, a.grad_in[0]});
  }
};
}  // namespace ctnet

using namespace test;
using ctnet::Cuda;
using ctnet::Persistent;
using ctnet::Reference;
using ctnet::Seed;

namespace {

template <class T, class Y = int>
struct Batch {
  std::vector<T> images;
  std::vector<Y> labels;
};
template <class T, class Net, class Input>
Batch<T> batch_of(std::size_t n, std::size_t step) {
  constexpr auto out = ctnet::Analysis<Net, Input>::output;
  Batch<T> b{values<T>("x" + std::to_string(step), n * static_cast<std::size_t>(Input::shape.size())), {}};
  for (std::size_t i = 0; i < n * static_cast<std::size_t>(out.plane()); ++i)
    b.labels.push_back(static_cast<int>((i * 7 + step) % static_cast<std::size_t>(out.c())));
  return b;
}

// Kernels run by f, where they are counted.
template <class F>
std::size_t launches_of(const F& f) {
#ifdef CTNET_EMULATED_DEVICE
  const std::size_t before = ctnet_device::launches();
  f();
  return ctnet_device::launches() - before;
#else
  f();
  return 1;
#endif
}

constexpr std::size_t sizes[] = {4, 4, 3, 4, 5};

template <class T, class Net, class Input, class Config>
void like_the_definition(double bound, const Config& config, double clip) {
  ctnet::Network<Net, Input, Cuda<T, Persistent>> got{Seed{4}};
  ctnet::Network<Net, Input, Reference<double>> want{Seed{4}};
  const auto near = [&](const auto& a, const auto& b, const char* what) {
    const double e = relative_error(a, b);
    CHECK_MESSAGE(e <= bound, what, ": ", e);
  };
  const auto predicts = [&] {
    for (const std::size_t n : {3u, 5u, 3u, 3u}) {
      const auto x = values<T>("p", n * static_cast<std::size_t>(Input::shape.size()));
      const std::vector<double> wide(x.begin(), x.end());
      std::vector<T> y;
      const std::size_t launches = launches_of([&] {
        const auto out = got.predict(x);
        y.assign(out.data(), out.data() + out.size());
      });
      CHECK(launches == 1);
      near(y, want.predict(wide), "predict");
    }
    const std::string text = got.engine().predictor().phases();
    CHECK_MESSAGE(text.find("meetings of") != std::string::npos, text);
  };
  predicts();
  const ctnet::CrossEntropy loss{.label_smoothing = 0.1};
  ctnet::Optimizer got_step{got, config};
  ctnet::Optimizer want_step{want, config};
  ctnet::Trainer trainer{got, got_step, loss, clip};
  std::size_t step = 0;
  for (const std::size_t n : sizes) {
    CAPTURE(step);
    const auto b = batch_of<T, Net, Input>(n, step++);
    double value = 0;
    CHECK(launches_of([&] {
            trainer.submit(b);
            value = trainer.collect().loss;
          }) == 1);
    const std::vector<double> wide(b.images.begin(), b.images.end());
    const auto l = loss(want.forward(wide), b.labels);
    want.backward(l.gradient);
    if (clip > 0) want_step.clip_grad_norm(clip);
    want_step();
    CHECK(value == doctest::Approx(static_cast<double>(l.value)).epsilon(bound));
  }
  near(got.parameters(), want.parameters(), "parameters after 5 steps");
  near(got.statistics(), want.statistics(), "running statistics after 5 steps");
  CHECK_MESSAGE(trainer.phases(5).find("meetings of") != std::string::npos, trainer.phases(5));
  predicts();
}
template <class Net, class Input>
void like_the_definition() {
  const ctnet::SGD sgd{.learning_rate = 0.05f, .momentum = 0.9, .weight_decay = 1e-3};
#ifdef CTNET_EMULATED_DEVICE  // nvcc takes about 10 s for each of these kernels
  SUBCASE("double") { like_the_definition<double, Net, Input>(1e-9, sgd, 0.5); }
#endif
  SUBCASE("float") { like_the_definition<float, Net, Input>(3e-5, sgd, 0); }
}

}  // namespace

TEST_CASE("persistent: LeNet is like its definition") { like_the_definition<nets::LeNet, ctnet::Image<3, 32, 32>>(); }
TEST_CASE("persistent: a ResNet is like its definition") {
  like_the_definition<nets::ResNet, ctnet::Image<3, 17, 15>>();
}
TEST_CASE("persistent: an Inception is like its definition") {
  like_the_definition<nets::Inception, ctnet::Image<3, 9, 8>>();
}
TEST_CASE("persistent: a U-Net is like its definition") { like_the_definition<nets::UNet, ctnet::Image<2, 6, 7>>(); }

namespace {
using Net = ctnet::Sequential<ctnet::Conv<1, 4, 3, ctnet::Pad<1>, ctnet::NoBias>, ctnet::BatchNorm<4>, ctnet::ReLU,
                              ctnet::MaxPool<2>, ctnet::Flatten, ctnet::Linear<36, 16>, ctnet::ReLU,
                              ctnet::Dropout<1, 4>, ctnet::Linear<16, 4>>;
using In = ctnet::Image<1, 6, 6>;

template <class Backend, class Loss, class Config, class Y>
double trained(const Loss& loss, const Config& config, double clip, const std::vector<Y>& targets,
               std::vector<float>& state) {
  ctnet::Network<Net, In, Backend> net{Seed{9}};
  ctnet::Optimizer step{net, config};
  ctnet::Trainer trainer{net, step, loss, clip};
  const Batch<float, Y> b{values<float>("x", 6 * 36), targets};
  double last = 0;
  for (int i = 0; i < 6; ++i) {
    if (i == 4) ctnet::freeze(net, 1);  // the norm
    trainer.submit(b);
    const auto r = trainer.collect();
    last = r.loss + r.gradient_norm;
  }
  state = net.state();
  return last;
}
template <class Loss, class Config, class Y>
void as_a_graph(const Loss& loss, const Config& config, double clip, const std::vector<Y>& targets) {
  std::vector<float> got, want;
  const double last = trained<Cuda<float, Persistent>>(loss, config, clip, targets, got);
  CHECK(last == doctest::Approx(trained<Cuda<>>(loss, config, clip, targets, want)).epsilon(2e-5));
  CHECK(relative_error(got, want) < 1e-4);
}
}  // namespace

TEST_CASE("persistent: losses and optimizers, with Dropout, as a graph of kernels has them") {
  const std::vector<int> labels{0, 3, 2, 1, 0, 2};
  const auto numbers = values<float>("y", 24, 0.5, 0.5);
  as_a_graph(ctnet::CrossEntropy{.ignore_index = 1}, ctnet::Adam{.learning_rate = 1e-2f}, 0.3, labels);
  as_a_graph(ctnet::CrossEntropy{.class_weights = {1, 2, 3, 0.5f}}, ctnet::SGD{.learning_rate = 0.1f}, 0, labels);
  as_a_graph(ctnet::MeanSquaredError{}, ctnet::AdamW{.learning_rate = 1e-2f}, 0, numbers);
  as_a_graph(ctnet::SmoothL1{}, ctnet::Adam{.learning_rate = 1e-2f, .amsgrad = true}, 0, numbers);
  as_a_graph(ctnet::MeanSquaredError{}, ctnet::Lion{.learning_rate = 1e-3f}, 0.5, numbers);
  as_a_graph(ctnet::MeanSquaredError{}, ctnet::RMSprop{.learning_rate = 1e-3f, .centered = true}, 0, numbers);
  as_a_graph(ctnet::BinaryCrossEntropyWithLogits{.pos_weight = {2}}, ctnet::SGD{.learning_rate = 0.1f}, 1, numbers);
}

TEST_CASE("persistent: more labels than every block adds up") {
  using Wide = ctnet::Sequential<ctnet::Conv<1, 3, 1>>;
  using Image = ctnet::Image<1, 64, 64>;
  const auto run = [&]<class B>(B*) {
    ctnet::Network<Wide, Image, B> net{Seed{9}};
    ctnet::Optimizer step{net, ctnet::SGD{.learning_rate = 0.1f}};
    ctnet::Trainer trainer{net, step, ctnet::CrossEntropy{.class_weights = {1, 2, 3}}};
    trainer.submit(batch_of<float, Wide, Image>(3, 0));
    trainer.collect();
    return net.state();
  };
  CHECK(relative_error(run(static_cast<Cuda<float, Persistent>*>(nullptr)), run(static_cast<Cuda<>*>(nullptr))) < 1e-5);
}

#ifdef CTNET_EMULATED_DEVICE
TEST_CASE("persistent: the same bits whatever comes first") {
  const auto run = [&] {
    ctnet::Network<nets::Inception, ctnet::Image<3, 9, 8>, Cuda<float, Persistent>> net{Seed{4}};
    ctnet::Optimizer step{net, ctnet::SGD{.learning_rate = 0.1f, .momentum = 0.9}};
    ctnet::Trainer trainer{net, step, ctnet::CrossEntropy{}, 0.1};
    for (std::size_t i = 0; i < 3; ++i) {
      trainer.submit(batch_of<float, nets::Inception, ctnet::Image<3, 9, 8>>(4, i));
      trainer.collect();
    }
    return net.state();
  };
  using ctnet_device::Order;
  ctnet_device::set_order(Order::forward);
  const auto want = run();
  ctnet_device::set_order(Order::backward);
  CHECK(same_bits(run(), want));
  for (const unsigned seed : {1u, 2u, 3u}) {
    ctnet_device::set_order(Order::shuffled, seed);
    CHECK(same_bits(run(), want));
  }
  ctnet_device::set_order(Order::forward);
}
#endif

TEST_CASE("persistent: a step without result changes nothing, and fit says so") {
  std::vector<float> x(30 * 36, 0.5f);
  for (std::size_t i = 20 * 36; i < x.size(); ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  ctnet::data::TensorDataset<In> set{x, std::vector<int>(30, 1)};
  ctnet::data::Loader loader{set, ctnet::data::Compose{}, {.batch_size = 10}};
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
  ctnet::Network<Plain, In, Cuda<float, Persistent>> net{Seed{9}}, same{Seed{9}};
  const std::string text = error_of([&] { fit(net, loader, ctnet::SGD{}, ctnet::CrossEntropy{}, {.epochs = 3}); });
  CHECK_MESSAGE(text.find("fit: the loss is nan at step 3 (epoch 1, batch 3") == 0, text);
  ctnet::data::TensorDataset<In> good{std::vector<float>(20 * 36, 0.5f), std::vector<int>(20, 1)};
  ctnet::data::Loader two{good, ctnet::data::Compose{}, {.batch_size = 10}};
  fit(same, two, ctnet::SGD{}, ctnet::CrossEntropy{}, {.epochs = 1});
  CHECK(same_bits(net.state(), same.state()));
}

TEST_CASE("persistent: without phases a graph of kernels runs, and it is said why") {
  using Own = ctnet::Sequential<ctnet::Conv<1, 4, 3>, Doubled, ctnet::Flatten, ctnet::Linear<64, 4>>;
  ctnet::Network<Own, In, Cuda<float, Persistent>> net{Seed{9}};
  ctnet::Network<Own, In, Cuda<>> want{Seed{9}};
  const auto x = values<float>("x", 4 * 36);
  CHECK(same_bits(net.predict(x), want.predict(x)));
  CHECK(net.engine().predictor().phases() == "a graph of kernels; layer 1: it has no phases\n");
  const auto step = [&](auto& n) {
    ctnet::Optimizer optimizer{n, ctnet::SGD{}};
    ctnet::Trainer trainer{n, optimizer, ctnet::CrossEntropy{}};
    for (int i = 0; i < 3; ++i) {
      trainer.submit(Batch<float>{x, {0, 1, 2, 3}});
      trainer.collect();
    }
    return n.state();
  };
  CHECK(same_bits(step(net), step(want)));

  // What kernels refuse, they refuse here too.
  using Norm = ctnet::Sequential<ctnet::BatchNorm<4>>;
  ctnet::Network<Norm, ctnet::Features<4>, Cuda<float, Persistent>> one{Seed{1}};
  ctnet::Optimizer optimizer{one, ctnet::SGD{}};
  ctnet::Trainer trainer{one, optimizer, ctnet::CrossEntropy{}};
  const std::string text = error_of([&] { trainer.submit(Batch<float>{{1, 2, 3, 4}, {0}}); });
  CHECK_MESSAGE(text.find("cannot be trained on 1 value per channel") != std::string::npos, text);
}

TEST_CASE("persistent: deployed networks are one launch") {
  ctnet::Network<nets::LeNet, ctnet::Image<3, 32, 32>, Cuda<>> net{Seed{1}};
  ctnet::Deployed<nets::LeNet, ctnet::Image<3, 32, 32>, Cuda<float, Persistent>, 4> deployed;
  REQUIRE(deployed.load(net.state()));
  const auto x = values<float>("x", 2 * 3072);
  const auto want = net.predict(x);
  for (int i = 0; i < 3; ++i) CHECK(launches_of([&] { CHECK(relative_error(deployed(x, 2), want) < 1e-5); }) == 1);
}
