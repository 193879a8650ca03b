// SPDX-License-Identifier: MIT
// Optimizers on the GPU against those of the CPU, step by step, and the same step captured once and replayed.
#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/optimizers.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "../support/compare.hpp"
#include "../support/device_memory.hpp"
#include "cuda_mock.hpp"

namespace ct = ctnet;
namespace cuda = ctnet::cuda;

namespace {

template <class Values>
void fill(Values&& values, std::uint64_t index, double scale = 1) {
  ct::Random random{ct::Seed{11}, 3, index};
  for (auto& v : values) v = static_cast<std::remove_cvref_t<decltype(v)>>(scale * random.uniform(-1, 1));
}

// Rates, freezing, the same for every optimizer: what a program might do before step i.
template <class Optimizer>
void steer(Optimizer& o, int i) {
  o.set_learning_rate(0.05 / (1 + i));
  const auto segments = o.segments();
  if (segments.size() < 5) return;
  segments[1].rate_scale = 0.1;
  segments[3].rate_scale = i < 10 ? 1 : 3;
  segments[2].frozen = i >= 4 && i < 9;
  segments[4].frozen = i < 3;
}

template <class T>
constexpr double bound = sizeof(T) == 8 ? 1e-12 : 2e-5;

template <class B, class Config>
void follows_the_cpu(const Config& config, const std::string& what) {
  using T = typename B::scalar;
  mock::HostNetwork<T> host;
  mock::GpuNetwork<B> gpu;
  fill(host.parameters(), 0);
  fill(gpu.parameters(), 0);
  ct::Optimizer on_host{host, config};
  ct::Optimizer on_gpu{gpu, config};
  REQUIRE(on_gpu.segments().size() == on_host.segments().size());
  for (int i = 0; i < 20; ++i) {
    steer(on_host, i), steer(on_gpu, i);
    fill(host.gradients(), 1 + static_cast<std::uint64_t>(i));
    fill(gpu.gradients(), 1 + static_cast<std::uint64_t>(i));
    if (i % 3 == 0) {
      const double most = i % 2 == 0 ? 5.0 : 1e9;  // the norm is about 45
      const double norm = on_host.clip_grad_norm(most);
      CHECK(std::fabs(on_gpu.clip_grad_norm(most) - norm) <= 1e-12 * norm);
      test::check_close(gpu.gradients(), host.gradients(), bound<T>, what + ": clipped gradients");
    }
    on_host();
    on_gpu();
  }
  test::check_close(gpu.parameters(), host.parameters(), bound<T>, what);
  CHECK(on_gpu.steps() == 20);
  const auto got = on_gpu.state();
  const auto want = on_host.state();
  REQUIRE(got.size() == want.size());
  for (std::size_t k = 0; k < want.size(); ++k) {
    CHECK(std::string(got[k].name) == want[k].name);
    test::check_close(got[k].values, want[k].values, bound<T>, what + ": " + want[k].name);
  }
  for (std::size_t s = 0; s < on_host.segments().size(); ++s)
    CHECK(on_gpu.segments()[s].skipped == on_host.segments()[s].skipped);
}

// How one run over 12 steps leaves the parameters, and the last norm.
struct Left {
  std::vector<float> p;
  double norm = 0;
};
template <class Config>
Left run_queued(const Config& config, bool captured) {
  mock::GpuNetwork<ct::Cuda<>> net;
  fill(net.parameters(), 0);
  ct::Optimizer step{net, config};
  test::DeviceBlock<cuda::StepResult> result(1, test::Flush::end);
  auto& engine = net.engine();
  const cuda::Queue queue = engine.queue();
  const auto work = [&] {
    step.queue_clip(queue, 2.0, result.data());
    step.queue_step(queue);
  };
  cuda::Graph graph;
  if (captured) graph.capture(queue.stream, work, "a step");
  for (int i = 0; i < 12; ++i) {
    steer(step, i);
    fill(net.gradients(), 100 + static_cast<std::uint64_t>(i), i % 2 == 0 ? 1 : 0.01);
    engine.flush();
    step.prepare_step();
    if (captured)
      graph.launch(queue.stream, "a step");
    else
      work();
  }
  CTNET_CUDA(cudaStreamSynchronize(queue.stream), "the test");
  CHECK(result.intact());
  return {{net.parameters().begin(), net.parameters().end()}, result.read()[0].gradient_norm};
}

}  // namespace

TEST_CASE("optimizers on the GPU follow those of the CPU over 20 steps") {
  for (const bool decay_all : {true, false}) {
    const std::string all = decay_all ? "" : ", weights alone decay";
    for (const double decay : {0.0, 0.02}) {
      follows_the_cpu<ct::Cuda<>>(ct::SGD{.weight_decay = decay, .decay_biases_and_norms = decay_all}, "SGD" + all);
      follows_the_cpu<ct::Cuda<>>(
          ct::SGD{.momentum = 0.9, .dampening = 0.1, .weight_decay = decay, .decay_biases_and_norms = decay_all},
          "SGD with momentum" + all);
      follows_the_cpu<ct::Cuda<>>(
          ct::SGD{.momentum = 0.9, .nesterov = true, .weight_decay = decay, .decay_biases_and_norms = decay_all},
          "SGD, Nesterov's" + all);
      follows_the_cpu<ct::Cuda<>>(ct::Adam{.weight_decay = decay, .decay_biases_and_norms = decay_all}, "Adam" + all);
      follows_the_cpu<ct::Cuda<>>(ct::AdamW{.weight_decay = decay, .decay_biases_and_norms = decay_all}, "AdamW" + all);
    }
    follows_the_cpu<ct::Cuda<>>(ct::Lion{.weight_decay = 0.1, .decay_biases_and_norms = decay_all}, "Lion" + all);
    for (const bool centered : {false, true})
      for (const double momentum : {0.0, 0.9})
        follows_the_cpu<ct::Cuda<>>(
            ct::RMSprop{
                .weight_decay = 0.02, .momentum = momentum, .centered = centered, .decay_biases_and_norms = decay_all},
            "RMSprop" + all);
    follows_the_cpu<ct::Cuda<ct::bfloat16>>(ct::AdamW{.amsgrad = true, .decay_biases_and_norms = decay_all},
                                            "AdamW, AMSGrad" + all);
    follows_the_cpu<ct::Cuda<double>>(ct::Adam{.amsgrad = true, .decay_biases_and_norms = decay_all},
                                      "Adam of doubles" + all);
    follows_the_cpu<ct::Cuda<double>>(ct::SGD{.momentum = 0.5, .decay_biases_and_norms = decay_all},
                                      "SGD of doubles" + all);
  }
}

TEST_CASE("a captured step is the step, whatever the learning rate, its count and what is frozen") {
  const auto same = [](const auto& config) {
    const Left queued = run_queued(config, false), replayed = run_queued(config, true);
    test::check_same_bits(replayed.p, queued.p, config.name);
    CHECK(replayed.norm == queued.norm);
    CHECK(queued.norm > 0.1);
    CHECK(queued.norm < 1);
  };
  same(ct::SGD{.momentum = 0.9, .decay_biases_and_norms = false});
  same(ct::AdamW{.decay_biases_and_norms = false});
}

TEST_CASE("clipping with the update gives what clipping before it gives") {
  const ct::SGD config{.learning_rate = 0.1f, .momentum = 0.9};
  const Left got = run_queued(config, true);
  mock::HostNetwork<float> host;
  fill(host.parameters(), 0);
  ct::Optimizer step{host, config};
  double norm = 0;
  for (int i = 0; i < 12; ++i) {
    steer(step, i);
    fill(host.gradients(), 100 + static_cast<std::uint64_t>(i), i % 2 == 0 ? 1 : 0.01);
    norm = step.clip_grad_norm(2.0);
    step();
  }
  test::check_close(got.p, host.parameters(), bound<float>, "clipped");
  CHECK(std::fabs(got.norm - norm) <= 1e-12 * norm);
}

TEST_CASE("optimizers on the GPU: the same bits in any order of threads") {
  const ct::AdamW config{.decay_biases_and_norms = false};
  const Left first = run_queued(config, false);
  test::in_every_thread_order([&](const std::string& order) {
    const Left again = run_queued(config, true);
    test::check_same_bits(again.p, first.p, order);
    CHECK(again.norm == first.norm);
  });
}

TEST_CASE("an optimizer's state on the GPU is read and written where it is, and a run goes on from it") {
  const ct::Adam config{.learning_rate = 0.01f};
  const auto train = [](auto& net, auto& step, int from, int to) {
    for (int i = from; i < to; ++i) {
      fill(net.gradients(), static_cast<std::uint64_t>(i));
      step();
    }
  };
  mock::GpuNetwork<ct::Cuda<>> whole, first, second;
  for (auto* net : {&whole, &first}) fill(net->parameters(), 0);
  ct::Optimizer a{whole, config}, b{first, config}, c{second, config};
  train(whole, a, 0, 7);
  train(first, b, 0, 4);
  std::copy(first.parameters().begin(), first.parameters().end(), second.parameters().begin());
  const auto from = b.state(), to = c.state();
  for (std::size_t k = 0; k < from.size(); ++k)
    std::copy(from[k].values.begin(), from[k].values.end(), to[k].values.begin());
  c.set_steps(b.steps());
  train(second, c, 4, 7);
  test::check_same_bits(second.parameters(), whole.parameters(), "a run that went on");
}

TEST_CASE("norms on the GPU that are no number") {
  mock::GpuNetwork<ct::Cuda<>> net;
  ct::Optimizer step{net, ct::SGD{.decay_biases_and_norms = false}};
  net.gradients()[40] = std::numeric_limits<float>::infinity();
  CHECK(std::isinf(step.clip_grad_norm(1)));
  net.gradients()[40] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(step.clip_grad_norm(1)));
  CHECK(std::isnan(net.gradients()[0]));
  fill(net.gradients(), 1);
  net.gradients()[0] = std::numeric_limits<float>::quiet_NaN();
  step.segments()[0].frozen = true;
  CHECK(step.clip_grad_norm(1) > 1);
}

TEST_CASE("a step on the GPU whose value is no number changes nothing, nor do the steps behind it") {
  mock::GpuNetwork<ct::Cuda<>> net;
  ct::Optimizer step{net, ct::Adam{.learning_rate = 0.1f}};
  test::DeviceBlock<cuda::StepResult> result(1, test::Flush::end);
  test::DeviceBlock<int> halted(1, test::Flush::end);
  const auto now = [&] { return std::vector<float>(net.parameters().begin(), net.parameters().end()); };
  const auto take = [&](double value, double norm) {
    result.fill({value, 1, 0, 0, norm});
    fill(net.gradients(), 1);
    net.engine().flush();
    step.prepare_step();
    step.queue_step(net.engine().queue(), result.data(), halted.data());
    CTNET_CUDA(cudaStreamSynchronize(net.engine().queue().stream), "the test");
    return halted.read()[0];
  };
  constexpr double none = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const auto& [value, norm] : {std::pair{none, 1.0}, {infinite, 1.0}, {1.0, none}, {1.0, infinite}}) {
    halted.fill(0);
    const auto start = now();
    CHECK(take(1.0, 0.0) == 0);
    const auto moved = now();
    const std::vector<float> moments(step.state()[0].values.begin(), step.state()[0].values.end());
    CHECK(moved != start);
    CHECK(take(value, norm) == 1);
    CHECK(take(1.0, 1.0) == 1);
    CHECK(now() == moved);
    CHECK(std::equal(moments.begin(), moments.end(), step.state()[0].values.begin()));
  }
}

TEST_CASE("steps on the GPU: one launch each, and nothing is allocated") {
  mock::GpuNetwork<ct::Cuda<>> net;
  ct::Optimizer step{net, ct::SGD{.momentum = 0.9}};
  fill(net.gradients(), 1);
  step();
  CTNET_CUDA(cudaStreamSynchronize(net.engine().queue().stream), "the test");
#ifdef CTNET_EMULATED_DEVICE
  const std::size_t before = ctnet_device::memory_calls(), launches = ctnet_device::launches();
#endif
  for (int i = 0; i < 30; ++i) {
    step.set_learning_rate(i < 15 ? 0.1 : 0.1 / i);
    step();
  }
  CTNET_CUDA(cudaStreamSynchronize(net.engine().queue().stream), "the test");
#ifdef CTNET_EMULATED_DEVICE
  CHECK(ctnet_device::memory_calls() == before);
  CHECK(ctnet_device::launches() == launches + 30);
#endif
}
