// SPDX-License-Identifier: MIT
// Schedules against torch.optim.lr_scheduler over a whole run.
#include <ctnet/optimizers/schedule.hpp>

#include "../losses/fixture.hpp"
#include "support/error.hpp"

namespace ct = ctnet;

namespace {

void check(const char* name, const ct::Schedule& schedule) {
  const auto wanted = fixture::tensor<double>("optimizers", std::string("schedule/") + name).values;
  std::vector<double> got;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    got.push_back(schedule(
        {.step = static_cast<ct::i64>(i), .steps_per_epoch = 4, .total_steps = static_cast<ct::i64>(wanted.size())}));
  CAPTURE(std::string(name));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(std::fabs(got[i] - wanted[i]) < 1e-13);
  }
}

using test::error_of;

}  // namespace

TEST_CASE("schedules agree with PyTorch's") {
  check("step", ct::StepLR{.every_steps = 6, .gamma = 0.3});
  check("step_epochs", ct::StepLR{.every_epochs = 3, .gamma = 0.3});
  check("multi_step", ct::MultiStepLR{.steps = {5, 6, 20}, .gamma = 0.3});
  check("multi_step_epochs", ct::MultiStepLR{.epochs = {2, 7}, .gamma = 0.3});
  check("cosine", ct::CosineAnnealing{});
  check("cosine_min", ct::CosineAnnealing{.steps = 20, .min_factor = 0.1});
  check("cosine_epochs", ct::CosineAnnealing{.epochs = 10});
  check("one_cycle", ct::OneCycle{});
  check("one_cycle_options", ct::OneCycle{.pct_start = 0.45, .div_factor = 10, .final_div_factor = 50, .steps = 37});
  check("warmup", ct::LinearWarmup{.steps = 7, .start_factor = 0.125});
  check("warmup_cosine", ct::LinearWarmup{.steps = 7, .start_factor = 0.125, .then = ct::CosineAnnealing{}});
  check("warmup_step",
        ct::LinearWarmup{.steps = 7, .start_factor = 0.125, .then = ct::StepLR{.every_steps = 10, .gamma = 0.5}});
}

TEST_CASE("schedules hold at the ends, and any callable is one") {
  const ct::Schedule none, own = [](const ct::ScheduleStep& at) { return static_cast<double>(at.epoch()); };
  CHECK(none({.step = 12345}) == 1);
  CHECK(own({.step = 11, .steps_per_epoch = 4}) == 2);
  CHECK(ct::OneCycle{}({.step = 0, .total_steps = 1}) == doctest::Approx(1 / 25e4));
  CHECK(ct::OneCycle{}({.step = 500, .total_steps = 100}) == doctest::Approx(1 / 25e4));
  CHECK(ct::OneCycle{.pct_start = 0.1}({.step = 0, .total_steps = 10}) == 1);
  CHECK(ct::OneCycle{.pct_start = 1}({.step = 9, .total_steps = 10}) == 1);
  CHECK(ct::LinearWarmup{.epochs = 2, .start_factor = 0}({.step = 4, .steps_per_epoch = 4}) == 0.5);
  CHECK(ct::LinearWarmup{}({.step = 0}) == 1);
}

TEST_CASE("a schedule without its lengths, or with two of them, says so") {
  CHECK(error_of([] { ct::StepLR{}({}); }) == "StepLR: give one of every_epochs and every_steps, got 0 and 0");
  CHECK(error_of([] { ct::StepLR{.every_epochs = 1, .every_steps = 2}({}); }) ==
        "StepLR: give one of every_epochs and every_steps, got 1 and 2");
  CHECK(error_of([] { ct::MultiStepLR{}({}); }) == "MultiStepLR: give milestones in epochs or in steps, got 0 and 0");
  CHECK(error_of([] { ct::CosineAnnealing{.epochs = 1, .steps = 2}({}); }) ==
        "CosineAnnealing: give epochs or steps, got 1 and 2");
}

TEST_CASE("schedules' options that make no sense are told when they are given") {
  const double nan = std::nan("");
  const auto said = [](auto schedule) { return error_of([&] { ct::Schedule{schedule}; }); };
  CHECK(said(ct::StepLR{.every_steps = 2, .gamma = -1}) == "StepLR: gamma is -1, expected 0 or more");
  CHECK(said(ct::StepLR{.every_epochs = -1, .every_steps = 2}) ==
        "StepLR: give one of every_epochs and every_steps, got -1 and 2");
  CHECK(said(ct::MultiStepLR{.steps = {2}, .gamma = nan}) == "MultiStepLR: gamma is nan, expected 0 or more");
  CHECK(said(ct::MultiStepLR{.steps = {2, -3}}) == "MultiStepLR: a milestone is -3, expected 0 or more");
  CHECK(said(ct::CosineAnnealing{.epochs = -4}) == "CosineAnnealing: give epochs or steps, got -4 and 0");
  CHECK(said(ct::CosineAnnealing{.min_factor = nan}) == "CosineAnnealing: min_factor is nan, expected 0 or more");
  CHECK(said(ct::OneCycle{.pct_start = 1.5}) == "OneCycle: pct_start is 1.5, expected 0 to 1");
  CHECK(said(ct::OneCycle{.div_factor = 0}) == "OneCycle: div_factor is 0, expected more than 0");
  CHECK(said(ct::LinearWarmup{.steps = -1}) == "LinearWarmup: give epochs or steps, got 0 and -1");
  CHECK(said(ct::LinearWarmup{.steps = 3, .start_factor = nan}) ==
        "LinearWarmup: start_factor is nan, expected 0 to 1");
}

TEST_CASE("ReduceLROnPlateau agrees with PyTorch") {
  const auto losses = fixture::tensor<double>("optimizers", "plateau/losses").values;
  const auto same = [&](const char* name, const ct::ReduceLROnPlateau& schedule) {
    CAPTURE(name);
    const auto want = fixture::tensor<double>("optimizers", std::string("plateau/") + name).values;
    REQUIRE(want.size() == losses.size() + 1);
    std::size_t changes = 0;
    for (std::size_t e = 0; e <= losses.size(); ++e) {
      const std::span<const double> done{losses.data(), e};
      CHECK(ct::Schedule{schedule}({.step = static_cast<ct::i64>(e), .losses = done}) == doctest::Approx(want[e]));
      changes += e > 0 && want[e] != want[e - 1];
    }
    CHECK(changes > 1);
  };
  same("patience", {.patience = 2});
  same("cooldown", {.factor = 0.5, .patience = 1, .cooldown = 3});
  same("threshold", {.factor = 0.7, .patience = 1, .threshold = 0.1});
  same("least", {.factor = 0.3, .patience = 0, .min_factor = 0.02});
  const ct::Schedule warm = ct::LinearWarmup{.steps = 4, .then = ct::ReduceLROnPlateau{.patience = 2}};
  CHECK(warm({.step = 40, .losses = losses}) ==
        doctest::Approx(ct::ReduceLROnPlateau{.patience = 2}({.losses = losses})));
}
