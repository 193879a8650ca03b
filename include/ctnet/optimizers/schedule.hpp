// SPDX-License-Identifier: MIT
// Learning-rate schedules: the factor of the base rate at a step of the run, by the names and definitions of
// torch.optim.lr_scheduler. A Schedule holds any of them, or any callable const ScheduleStep& -> double.
//   Schedule s = LinearWarmup{.steps = 500, .then = CosineAnnealing{}};
//   step.set_learning_rate(base * s({.step = i, .steps_per_epoch = n, .total_steps = epochs * n}));   // before step i
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../core/check.hpp"
#include "../core/shape.hpp"

namespace ctnet {

// Where in the run: `step` counts from 0.
struct ScheduleStep {
  i64 step = 0;
  i64 steps_per_epoch = 1;
  i64 total_steps = 1;
  std::span<const double> losses{};  // of the epochs that are done: the validation loss; without validation, the loss

  i64 epoch() const { return step / steps_per_epoch; }
};

// 1 always.
struct Constant {
  double operator()(const ScheduleStep&) const { return 1; }
};

class Schedule {
 public:
  Schedule() : factor_(Constant{}) {}
  template <class F>
    requires(!std::same_as<F, Schedule> && std::is_invocable_r_v<double, const F&, const ScheduleStep&>)
  Schedule(F factor) : factor_((checked(factor), std::move(factor))) {}

  double operator()(const ScheduleStep& at) const { return factor_(at); }

 private:
  // Options that make no sense are an Error when they are given.
  template <class F>
  static void checked(const F& factor) {
    if constexpr (requires { factor.check(); }) factor.check();
  }

  std::function<double(const ScheduleStep&)> factor_;
};

// gamma^k after k times `every_epochs` epochs, or `every_steps` steps.
struct StepLR {
  i64 every_epochs = 0;
  i64 every_steps = 0;
  double gamma = 0.1;

  void check() const {
    if ((every_epochs > 0) == (every_steps > 0) || every_epochs < 0 || every_steps < 0)
      fail("StepLR: give one of every_epochs and every_steps, got ", every_epochs, " and ", every_steps);
    detail::check_option("StepLR", "gamma", gamma, gamma >= 0, "0 or more");
  }
  double operator()(const ScheduleStep& at) const {
    check();
    return std::pow(gamma, static_cast<double>(every_epochs > 0 ? at.epoch() / every_epochs : at.step / every_steps));
  }
};

// gamma^k after k of the milestones, in epochs or in steps.
struct MultiStepLR {
  std::vector<i64> epochs{};
  std::vector<i64> steps{};
  double gamma = 0.1;

  void check() const {
    if (epochs.empty() == steps.empty())
      fail("MultiStepLR: give milestones in epochs or in steps, got ", epochs.size(), " and ", steps.size());
    for (const auto* milestones : {&epochs, &steps})
      for (const i64 m : *milestones) detail::check_option("MultiStepLR", "a milestone", m, m >= 0, "0 or more");
    detail::check_option("MultiStepLR", "gamma", gamma, gamma >= 0, "0 or more");
  }
  double operator()(const ScheduleStep& at) const {
    check();
    int passed = 0;
    for (const i64 e : epochs) passed += e <= at.epoch();
    for (const i64 s : steps) passed += s <= at.step;
    return std::pow(gamma, passed);
  }
};

// From 1 to min_factor along half a cosine: once per epoch over `epochs` epochs (PyTorch's T_max stepped per epoch), or
// at every step over `steps` steps, or, with neither, at every step over the whole run. Beyond that it comes back, as
// PyTorch's. Loshchilov & Hutter, "SGDR", 2017, without restarts.
struct CosineAnnealing {
  i64 epochs = 0;
  i64 steps = 0;
  double min_factor = 0;  // PyTorch's eta_min / base rate

  void check() const {
    if ((epochs > 0 && steps > 0) || epochs < 0 || steps < 0)
      fail("CosineAnnealing: give epochs or steps, got ", epochs, " and ", steps);
    detail::check_option("CosineAnnealing", "min_factor", min_factor, min_factor >= 0, "0 or more");
  }
  double operator()(const ScheduleStep& at) const {
    check();
    const i64 now = epochs > 0 ? at.epoch() : at.step;
    const i64 all = epochs > 0 ? epochs : steps > 0 ? steps : at.total_steps;
    const double angle = 3.141592653589793 * static_cast<double>(now) / static_cast<double>(all > 0 ? all : 1);
    return min_factor + (1 - min_factor) * (1 + std::cos(angle)) / 2;
  }
};

// PyTorch's OneCycleLR (anneal_strategy "cos"); the base rate is its max_lr. Rises from 1 / div_factor over the first
// pct_start of the run, then falls to 1 / (div_factor * final_div_factor) at its last step. Momentum is left alone.
// Smith & Topin, "Super-Convergence", 2018.
struct OneCycle {
  double pct_start = 0.3;
  double div_factor = 25;
  double final_div_factor = 1e4;
  i64 steps = 0;  // length of the cycle; 0: the whole run

  void check() const {
    detail::check_option("OneCycle", "pct_start", pct_start, pct_start >= 0 && pct_start <= 1, "0 to 1");
    detail::check_option("OneCycle", "div_factor", div_factor, div_factor > 0, "more than 0");
    detail::check_option("OneCycle", "final_div_factor", final_div_factor, final_div_factor > 0, "more than 0");
    detail::check_option("OneCycle", "steps", steps, steps >= 0, "0 or more");
  }
  double operator()(const ScheduleStep& at) const {
    check();
    const auto all = static_cast<double>(steps > 0 ? steps : at.total_steps), now = static_cast<double>(at.step);
    const double low = 1 / div_factor, last = low / final_div_factor, peak = pct_start * all - 1;
    const double past = now - peak, fall = all - 1 - peak, nil = 1e-9;  // nil: rounding moves no step to another phase
    const auto between = [](double from, double to, double part) {
      return to + (from - to) / 2 * (1 + std::cos(3.141592653589793 * part));
    };
    if (past < -nil) return between(low, 1, now / peak);
    return between(1, last, past < nil ? 0 : past < fall ? past / fall : 1);
  }
};

// From start_factor in a line to 1 over `steps` steps (or `epochs` epochs, at every step), then as `then` says, which
// counts its steps and the run's length from there (PyTorch's SequentialLR of LinearLR and another).
struct LinearWarmup {
  i64 steps = 0;
  i64 epochs = 0;
  double start_factor = 1.0 / 3;
  Schedule then{};

  void check() const {
    if ((epochs > 0 && steps > 0) || epochs < 0 || steps < 0)
      fail("LinearWarmup: give epochs or steps, got ", epochs, " and ", steps);
    detail::check_option("LinearWarmup", "start_factor", start_factor, start_factor >= 0 && start_factor <= 1,
                         "0 to 1");
  }
  double operator()(const ScheduleStep& at) const {
    check();
    const i64 length = steps > 0 ? steps : epochs * at.steps_per_epoch;
    if (at.step >= length) return then({at.step - length, at.steps_per_epoch, at.total_steps - length, at.losses});
    return start_factor + (1 - start_factor) * static_cast<double>(at.step) / static_cast<double>(length);
  }
};

// PyTorch's ReduceLROnPlateau (mode "min", threshold_mode "rel"): times `factor` whenever more than `patience` epochs
// in a row have brought no loss below (1 - threshold) times the best so far; after that no epoch counts for `cooldown`
// of them. A loss that is NaN is no improvement. Never below min_factor, PyTorch's min_lr / base rate. It sees the
// losses that fit() watches; in a loop of one's own they are ScheduleStep::losses.
struct ReduceLROnPlateau {
  double factor = 0.1;
  int patience = 10;
  double threshold = 1e-4;
  int cooldown = 0;
  double min_factor = 0;

  void check() const {
    detail::check_option("ReduceLROnPlateau", "factor", factor, factor >= 0 && factor < 1, "0 or more, below 1");
    detail::check_option("ReduceLROnPlateau", "patience", patience, patience >= 0, "0 or more");
    detail::check_option("ReduceLROnPlateau", "threshold", threshold, threshold >= 0, "0 or more");
    detail::check_option("ReduceLROnPlateau", "cooldown", cooldown, cooldown >= 0, "0 or more");
    detail::check_option("ReduceLROnPlateau", "min_factor", min_factor, min_factor >= 0, "0 or more");
  }
  // All from the losses, so that a run that goes on from a checkpoint finds what it would have been.
  double operator()(const ScheduleStep& at) const {
    check();
    double rate = 1, best = std::numeric_limits<double>::infinity();
    int bad = 0, cooling = 0;
    for (const double loss : at.losses) {
      if (loss < best * (1 - threshold))
        best = loss, bad = 0;
      else
        ++bad;
      if (cooling > 0) --cooling, bad = 0;
      if (bad > patience) {
        rate = std::max(rate * factor, std::min(rate, min_factor));
        cooling = cooldown;
        bad = 0;
      }
    }
    return rate;
  }
};

}  // namespace ctnet
