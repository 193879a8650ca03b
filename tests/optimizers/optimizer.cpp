// SPDX-License-Identifier: MIT
// Optimizer: segments, frozen ones, gradient clipping, saved and restored state, options out of range.
#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/optimizers.hpp>

#include <string>

#include "mock.hpp"
#include "support/error.hpp"

namespace ct = ctnet;

namespace {

using test::error_of;

void draw_gradients(std::vector<float>& g, std::uint64_t step) {
  ct::Random random{ct::Seed{7}, step};
  for (float& x : g) x = static_cast<float>(random.uniform(-1, 1));
}

// steps from .. to - 1
template <class Step>
void run(mock::Network<float>& net, Step& step, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) {
    draw_gradients(net.g, i);
    step.clip_grad_norm(2.0);
    step();
  }
}

template <class Config>
void resumes(const Config& config) {
  mock::Network<float> whole, first;
  ct::Optimizer a{whole, config};
  run(whole, a, 0, 9);
  ct::Optimizer b{first, config};
  run(first, b, 0, 4);

  mock::Network<float> second{first.p};
  ct::Optimizer c{second, config};
  c.set_steps(b.steps());
  const auto saved = b.state();
  const auto restored = c.state();
  REQUIRE(saved.size() == restored.size());
  for (std::size_t i = 0; i < saved.size(); ++i) {
    CHECK(std::string(saved[i].name) == restored[i].name);
    std::copy(saved[i].values.begin(), saved[i].values.end(), restored[i].values.begin());
  }
  run(second, c, 4, 9);
  CAPTURE(std::string(config.name));
  CHECK(second.p == whole.p);  // to the bit
}

}  // namespace

TEST_CASE("a run resumed from its state ends with the same bits") {
  resumes(ct::SGD{.learning_rate = 0.1f});
  resumes(ct::SGD{.learning_rate = 0.1f, .momentum = 0.9f, .dampening = 0.5, .weight_decay = 0.1});
  resumes(ct::Adam{.learning_rate = 0.1f, .amsgrad = true});
  resumes(ct::AdamW{.learning_rate = 0.1f, .decay_biases_and_norms = false});
  resumes(ct::RMSprop{.learning_rate = 0.1f, .momentum = 0.9, .centered = true});
  resumes(ct::Lion{.learning_rate = 0.1f});
  resumes(ct::Muon{.learning_rate = 0.1f});
}

TEST_CASE("segments: one for each tensor; neighbours that are treated alike are passed over at once") {
  mock::Network<double> net;
  for (const bool all : {true, false}) {
    ct::Optimizer step{net, ct::AdamW{.decay_biases_and_norms = all}};
    REQUIRE(step.segments().size() == 2);
    CHECK(step.segments()[0].size == 30);
    CHECK(step.segments()[0].layer == 0);
    CHECK(step.segments()[0].decays);
    CHECK(step.segments()[1].offset == 30);
    CHECK(step.segments()[1].size == 7);
    CHECK(step.segments()[1].layer == 1);
    CHECK(step.segments()[1].decays == all);
  }
  const ct::Segment a{0, 30}, b{30, 7}, c{37, 3, false}, d{40, 1, false}, e{50, 1, false};
  std::vector<ct::Segment> runs;
  for (const auto& s : {a, b, c, d, e}) ct::detail::append_run(runs, s);
  REQUIRE(runs.size() == 3);
  CHECK(runs[0].size == 37);
  CHECK(runs[1].size == 4);
  CHECK(runs[2].offset == 50);
}

TEST_CASE("a frozen segment rests, and starts afresh when it thaws") {
  mock::Network<float> net, fresh;
  ct::Optimizer step{net, ct::Adam{.learning_rate = 0.1f, .decay_biases_and_norms = false}};
  step.segments()[0].frozen = true;
  for (std::uint64_t i = 0; i < 3; ++i) {
    draw_gradients(net.g, i);
    const double norm = step.clip_grad_norm(0.5);
    double want = 0;
    ct::Random random{ct::Seed{7}, i};
    for (int k = 0; k < 37; ++k) {
      const auto x = static_cast<float>(random.uniform(-1, 1));
      if (k >= 30) want += static_cast<double>(x) * static_cast<double>(x);
      if (k < 30) CHECK(net.g[static_cast<std::size_t>(k)] == x);
    }
    CHECK(std::fabs(norm - std::sqrt(want)) < 1e-12);
    step();
    for (std::size_t k = 0; k < 37; ++k) CHECK((net.p[k] == 1.0f) == (k < 30));
  }
  step.segments()[0].frozen = false;
  step.segments()[0].rate_scale = 0.5;
  ct::Optimizer other{fresh, ct::Adam{.learning_rate = 0.05f}};
  draw_gradients(net.g, 5);
  draw_gradients(fresh.g, 5);
  step();
  other();
  for (std::size_t k = 0; k < 30; ++k) CHECK(std::fabs(net.p[k] - fresh.p[k]) < 1e-7f);
}

TEST_CASE("gradients within the norm are left as they are, broken ones are reported") {
  mock::Network<float> net;
  ct::Optimizer step{net, ct::SGD{}};
  draw_gradients(net.g, 0);
  const auto before = net.g;
  const double norm = step.clip_grad_norm(100);
  CHECK(net.g == before);
  step.clip_grad_norm(norm / 2);
  CHECK(std::fabs(step.clip_grad_norm(100) / norm - 0.5) < 1e-5);
  net.g[36] = HUGE_VALF;
  CHECK(std::isinf(step.clip_grad_norm(1)));
  net.g[36] = std::nanf("");
  CHECK(std::isnan(step.clip_grad_norm(1)));
}

TEST_CASE("options out of their range are named") {
  mock::Network<float> net;
  const auto said = [&](const auto& config) { return error_of([&] { ct::Optimizer step{net, config}; }); };
  CHECK(said(ct::SGD{.learning_rate = -1}) == "SGD: learning_rate is -1, expected 0 or more");
  CHECK(said(ct::SGD{.learning_rate = std::nanf("")}) == "SGD: learning_rate is nan, expected 0 or more");
  CHECK(said(ct::SGD{.momentum = -0.5}) == "SGD: momentum is -0.5, expected 0 or more");
  CHECK(said(ct::SGD{.weight_decay = -0.5}) == "SGD: weight_decay is -0.5, expected 0 or more");
  CHECK(said(ct::SGD{.nesterov = true}) ==
        "SGD: nesterov needs momentum and no dampening, got momentum 0 and dampening 0");
  CHECK(said(ct::SGD{.momentum = 0.5, .dampening = 0.25, .nesterov = true}) ==
        "SGD: nesterov needs momentum and no dampening, got momentum 0.5 and dampening 0.25");
  CHECK(said(ct::Adam{.beta1 = 1}) == "Adam: beta1 is 1, expected 0 or more, below 1");
  CHECK(said(ct::Adam{.beta2 = -0.5}) == "Adam: beta2 is -0.5, expected 0 or more, below 1");
  CHECK(said(ct::Adam{.eps = -1e-8}) == "Adam: eps is -1e-08, expected 0 or more");
  CHECK(said(ct::SGD{.learning_rate = -0.1f}) == "SGD: learning_rate is -0.1, expected 0 or more");
  CHECK(said(ct::AdamW{.eps = -1}) == "AdamW: eps is -1, expected 0 or more");
  CHECK(said(ct::AdamW{.weight_decay = -1}) == "AdamW: weight_decay is -1, expected 0 or more");
  CHECK(said(ct::RMSprop{.alpha = 1}) == "RMSprop: alpha is 1, expected 0 or more, below 1");
  CHECK(said(ct::RMSprop{.momentum = -1}) == "RMSprop: momentum is -1, expected 0 or more");
  CHECK(said(ct::Lion{.beta2 = 1.5}) == "Lion: beta2 is 1.5, expected 0 or more, below 1");
  CHECK(said(ct::Lion{.weight_decay = std::nan("")}) == "Lion: weight_decay is nan, expected 0 or more");
  CHECK(said(ct::Muon{.momentum = 1}) == "Muon: momentum is 1, expected 0 or more, below 1");
  CHECK(said(ct::Muon{.ns_steps = 0}) == "Muon: ns_steps is 0, expected 1 to 99");
  CHECK(said(ct::Muon{.rest = {.eps = -1}}) == "AdamW: eps is -1, expected 0 or more");
  CHECK(error_of([] { ct::detail::segments_of(mock::Network<float>::tensors(), true, 38); }) ==
        "Optimizer: the network's tensors have 37 parameters, its buffer 38");
}
