// SPDX-License-Identifier: MIT
// Ten steps of every optimizer with every option against PyTorch's (Lion: the paper's), recorded in double: parameters
// after each step, state at the end, to 1e-12 of the largest in double and 1e-5 in float.
#include <ctnet/optimizers.hpp>

#include "../losses/fixture.hpp"
#include "mock.hpp"

namespace ct = ctnet;

namespace {

template <class T>
std::vector<T> recorded(const std::string& name) {
  return fixture::tensor<T>("optimizers", name).values;
}

template <class T>
std::span<const T> row(const std::vector<T>& v, std::size_t i) {
  return std::span<const T>{v}.subspan(i * 37, 37);
}

struct Plain {
  void operator()(auto&, std::size_t) const {}
};

// before(step, i) is called between the gradients' arrival and the i-th step.
template <class T, class Config, class Before = Plain>
void check_in(const std::string& name, const Config& config, Before before = {}) {
  CAPTURE(name);
  CAPTURE(sizeof(T));
  mock::Network<T> net{recorded<T>("start")};
  const auto gradients = recorded<T>("gradients");
  const auto wanted = recorded<double>(name + "/p");
  ct::Optimizer step{net, config};
  double worst = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    const auto g = row(gradients, i);
    std::copy(g.begin(), g.end(), net.g.begin());
    before(step, i);
    step();
    worst = std::fmax(worst, fixture::error(net.p, row(wanted, i)));
  }
  CHECK(worst <= fixture::tolerance<T>);
  CHECK(step.steps() == 10);
  CHECK(net.cleared == 10);
  std::size_t parts = 0;
  for (const auto& part : step.state()) {
    CAPTURE(std::string(part.name));
    CHECK(fixture::error(part.values, recorded<double>(name + "/" + part.name)) <= fixture::tolerance<T>);
    ++parts;
  }
  std::size_t recorded_parts = 0;
  for (const auto& t : fixture::file("optimizers").tensors())
    recorded_parts += t.name.starts_with(name + "/") && t.name != name + "/p" && t.name != name + "/norms";
  CHECK(parts == recorded_parts);
}

template <class Config, class Before = Plain>
void check(const char* name, const Config& config, Before before = {}) {
  check_in<double>(name, config, before);
  check_in<float>(name, config, before);
}

constexpr float rate = 0.05f;

}  // namespace

TEST_CASE("SGD takes PyTorch's steps") {
  using ct::SGD;
  check("sgd/plain", SGD{.learning_rate = rate});
  check("sgd/decay", SGD{.learning_rate = rate, .weight_decay = 0.1});
  check("sgd/momentum", SGD{.learning_rate = rate, .momentum = 0.9});
  check("sgd/dampening", SGD{.learning_rate = rate, .momentum = 0.9, .dampening = 0.3});
  check("sgd/nesterov", SGD{.learning_rate = rate, .momentum = 0.8, .nesterov = true, .weight_decay = 0.1});
  check("sgd/no_decay",
        SGD{.learning_rate = rate, .momentum = 0.9, .weight_decay = 0.1, .decay_biases_and_norms = false});
  check("sgd/rates", SGD{.momentum = 0.9},
        [](auto& step, std::size_t i) { step.set_learning_rate(0.1 / static_cast<double>(i + 1)); });
  const auto norms = recorded<double>("sgd/clip/norms");
  check("sgd/clip", SGD{.learning_rate = rate, .momentum = 0.9},
        [&](auto& step, std::size_t i) { CHECK(std::fabs(step.clip_grad_norm(5.5) / norms[i] - 1) < 1e-6); });
}

TEST_CASE("Adam takes PyTorch's steps") {
  using ct::Adam;
  check("adam/plain", Adam{.learning_rate = rate});
  check("adam/betas", Adam{.learning_rate = rate, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3});
  check("adam/decay", Adam{.learning_rate = rate, .weight_decay = 0.1});
  check("adam/amsgrad", Adam{.learning_rate = rate, .weight_decay = 0.1, .amsgrad = true});
}

TEST_CASE("AdamW takes PyTorch's steps") {
  using ct::AdamW;
  check("adamw/plain", AdamW{.learning_rate = rate});
  check("adamw/decay", AdamW{.learning_rate = rate, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.2});
  check("adamw/amsgrad", AdamW{.learning_rate = rate, .amsgrad = true});
  check("adamw/no_decay", AdamW{.learning_rate = rate, .weight_decay = 0.2, .decay_biases_and_norms = false});
}

TEST_CASE("RMSprop takes PyTorch's steps") {
  using ct::RMSprop;
  check("rmsprop/plain", RMSprop{.learning_rate = rate});
  check("rmsprop/options", RMSprop{.learning_rate = rate, .alpha = 0.9, .eps = 1e-3, .weight_decay = 0.1});
  check("rmsprop/momentum", RMSprop{.learning_rate = rate, .momentum = 0.9});
  check("rmsprop/centered", RMSprop{.learning_rate = rate, .weight_decay = 0.1, .centered = true});
  check("rmsprop/all", RMSprop{.learning_rate = rate, .alpha = 0.9, .momentum = 0.7, .centered = true});
}

TEST_CASE("Lion takes the paper's steps") {
  using ct::Lion;
  check("lion/plain", Lion{.learning_rate = rate});
  check("lion/options", Lion{.learning_rate = rate, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.3});
}

TEST_CASE("Muon takes PyTorch's steps, in the network's type") {
  using ct::Muon;
  check("muon/plain", Muon{.learning_rate = rate});
  check("muon/options", Muon{.learning_rate = rate,
                             .weight_decay = 0,
                             .momentum = 0.8,
                             .nesterov = false,
                             .ns_steps = 3,
                             .adjust_lr = ct::MuonRate::match_rms_adamw});
}
