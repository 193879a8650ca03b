// SPDX-License-Identifier: MIT
// Frozen layers: neither parameters nor running statistics move, gradients pass through normalizations as constants,
// everything else trains, with the same bits on threads and after a resumption.
#include <ctnet/ctnet.hpp>

#include <cmath>

#include "io/temporary.hpp"
#include "problems.hpp"
#include "threaded.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Norms = Sequential<Conv<1, 4, 3, NoBias>, BatchNorm<4>, ReLU,
                         Residual<Sequential<Conv<4, 4, 3, Pad<1>, NoBias>, BatchNorm<4>>, ReLU>, Flatten,
                         BatchNorm<64>, Linear<64, 4>>;
using In = Image<1, 6, 6>;

// Which of a network's tensors differ from what they were, "0011...".
template <class NetworkType, class State>
std::string moved(NetworkType& net, const State& before) {
  std::string which;
  std::size_t at = 0;
  for (const TensorPlace& t : net.tensors()) {
    const auto now = net.values(t);
    which += same_bits(now, std::span(before).subspan(at, now.size())) ? '0' : '1';
    at += now.size();
  }
  return which;
}
template <class NetworkType, class Config>
std::string trained(NetworkType& net, Config& config) {
  const auto before = net.state();
  fit(net, data::Loader{test::pictures(20), data::Compose{}, {.batch_size = 8}}, config, CrossEntropy{},
      {.epochs = 2, .clip_grad_norm = 1});
  return moved(net, before);
}

}  // namespace

TEST_CASE("what is frozen rests, statistics too, with every optimizer's default options") {
  const auto check = [](const auto& config) {
    CAPTURE(std::string(config.name));
    Network<Norms, In> net{Seed{1}};
    // A convolution's weight and a norm, both again in the residual, a norm, weight and bias.
    CHECK(trained(net, config) == "1111111111111111");
    freeze(net, 0);
    CHECK(trained(net, config) == "0111111111111111");
    freeze(net, 1);
    CHECK(trained(net, config) == "0000011111111111");
    unfreeze(net, 0);
    CHECK(trained(net, config) == "1000011111111111");
    freeze(net, "3");
    CHECK(trained(net, config) == "1000000000111111");
    unfreeze(net, "3.main.1");
    CHECK(trained(net, config) == "1000001111111111");
    freeze(net, all_but_head);
    CHECK(trained(net, config) == "0000000000000011");
    unfreeze(net);
    CHECK(trained(net, config) == "1111111111111111");
    freeze(net, "");
    CHECK(trained(net, config) == "0000000000000000");
  };
  check(SGD{.learning_rate = 0.05f});
  check(Adam{});
  check(AdamW{});
}

TEST_CASE("parameters alone are frozen by the optimizer's segments") {
  Network<Norms, In> net{Seed{1}};
  Optimizer step{net, Adam{}};
  REQUIRE(step.segments().size() == 10);  // one for each tensor of parameters
  step.segments()[1].frozen = true;       // the first norm's weight
  CHECK(step.segments()[1].layer == 1);
  CHECK(trained(net, step) == "1011111111111111");
  CHECK(step.segments()[1].skipped == 6);
  CHECK(step.segments()[2].skipped == 0);
}

TEST_CASE("what cannot be frozen is said") {
  Network<Norms, In> net;
  CHECK_SAYS(freeze(net, 10), "freeze: layer 10, the network has 10");
  CHECK_SAYS(freeze(net, -1), "freeze: layer -1");
  CHECK_SAYS(freeze(net, "3.mai"), "freeze: no layer at '3.mai'; there are '0' to '6'");
  CHECK_SAYS(unfreeze(net, "7"), "unfreeze: no layer at '7'");
  for (int i = 0; i < 10; ++i) CHECK_FALSE(net.frozen(i));
  freeze(net, "3");
  for (int i = 0; i < 10; ++i) CHECK(net.frozen(i) == (i >= 3 && i <= 6));
  auto other = std::move(net);
  CHECK(other.frozen(3));
  CHECK(other.clone().frozen(3));
  CHECK_FALSE(other.clone().frozen(2));
}

TEST_CASE("a frozen normalization is the one of evaluation mode, forward and backward") {
  const auto check = [](auto backend) {
    using T = typename decltype(backend)::scalar;
    Network<Norms, In, decltype(backend)> net{Seed{2}};
    for (std::size_t i = 0; i < net.statistics().size(); ++i)
      net.statistics()[i] = static_cast<T>(0.3) + static_cast<T>(i % 7) / 10;
    for (const int layer : {1, 4, 8}) freeze(net, layer);
    auto x = test::random_numbers<T>(3 * 36, 1);
    const auto weights = test::random_numbers<T>(3 * 4, 2);
    const auto value = [&] {
      const auto y = net.predict(x);
      double sum = 0;
      for (std::size_t i = 0; i < y.size(); ++i) sum += static_cast<double>(y.data()[i] * weights[i]);
      return sum;
    };
    const auto y = net.forward(x);
    const std::vector<T> out(y.begin(), y.end());
    const auto wanted = net.predict(x);
    for (std::size_t i = 0; i < out.size(); ++i)
      CHECK(static_cast<double>(out[i]) == doctest::Approx(static_cast<double>(wanted.data()[i])).epsilon(1e-5));
    if constexpr (sizeof(T) == 8) {
      net.forward(x);
      const auto g = net.backward_to_input(weights);
      const std::vector<double> gradient(g.begin(), g.end());
      const std::vector<double> of_parameters(net.gradients().begin(), net.gradients().end());
      const auto slope = [&](double& v) {
        const double start = v, h = 1e-6;
        v = start + h;
        const double above = value();
        v = start - h;
        const double below = value();
        v = start;
        return (above - below) / (2 * h);
      };
      for (std::size_t i = 0; i < x.size(); i += 5) CHECK(std::fabs(slope(x[i]) - gradient[i]) < 1e-6);
      for (std::size_t i = 0; i < of_parameters.size(); i += 7)
        CHECK(std::fabs(slope(net.parameters()[i]) - of_parameters[i]) < 1e-6);
    }
    CHECK(net.forward(std::vector<T>(36)).size() == 4);  // one value a channel does, in the norm of features
  };
  check(Cpu<float>{});
  check(Cpu<double>{});
  check(Reference<double>{});
}

TEST_CASE("frozen layers on threads: the same bits for any number of them") {
  const test::RestoreThreads restore;
  std::vector<float> first;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    test::MixedOn<Cpu<float, OpenMP>> net{Seed{3}};
    const auto before = net.state();
    freeze(net, 1);
    freeze(net, "3");
    const auto x = test::random_numbers<float>(48 * 3 * 256, 3);
    const std::vector<int> labels(48, 7);
    Optimizer step{net, AdamW{}};
    for (int i = 0; i < 3; ++i) {
      net.backward(CrossEntropy{}(net.forward(x), labels).gradient);
      step();
    }
    CHECK(net.engine().training_chunks(48) > 1);
    CHECK(moved(net, before).substr(0, 2 + 4 + 12) == "110000000000000000");
    CHECK(moved(net, before).substr(2 + 4 + 12).find('0') == std::string::npos);
    if (first.empty()) first = net.state();
    CHECK(same_bits(net.state(), first));
  }
}

TEST_CASE("a run with frozen layers goes on from its checkpoint with the same bits") {
  TemporaryFolder folder;
  const auto run = [&](const std::string& path, i64 stop_at) {
    Network<Norms, In> net{Seed{4}};
    freeze(net, "3");
    FitOptions options{.epochs = 2, .checkpoint = path, .checkpoint_every = 1};
    options.on_batch = [&](const BatchReport& r) {
      if (r.step == stop_at) throw Error("enough");
      if (r.step == 4) unfreeze(net, "3");
    };
    fit(net, data::Loader{test::pictures(24), data::Compose{}, {.batch_size = 8, .shuffle = true}}, Adam{},
        CrossEntropy{}, options);
    return net.state();
  };
  const auto whole = run(folder / "whole", -1);
  CHECK_SAYS(run(folder / "broken", 4), "enough");
  CHECK(same_bits(run(folder / "broken", -1), whole));
}
