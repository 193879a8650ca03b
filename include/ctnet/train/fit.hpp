// SPDX-License-Identifier: MIT
// fit: trains a network on a loader's images. Progress, history, callbacks, schedules, clipping, checkpoints.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "../optimizers.hpp"
#include "../report/progress.hpp"
#include "checkpoint.hpp"
#include "ema.hpp"
#include "evaluate.hpp"
#include "fit_options.hpp"
#include "trainer.hpp"

namespace ctnet {

namespace detail {

struct NoLoader {};

template <class O>
concept OptimizerLike = requires(O& o) {
  o.steps();
  o.clip_grad_norm(1.0);
};
template <class NetworkType, class Config>
decltype(auto) optimizer_for(NetworkType& net, Config& config) {
  if constexpr (OptimizerLike<Config>)
    return (config);
  else
    return Optimizer{net, config};
}

template <class L>
i64 batches_of(L& loader) {
  if constexpr (requires { loader.batches(); })
    return static_cast<i64>(loader.batches());
  else if constexpr (requires { static_cast<i64>(loader.end() - loader.begin()); })
    return static_cast<i64>(loader.end() - loader.begin());
  else
    return 0;
}
// steps: of an epoch, 0 where the loader does not say. losses: of the epochs that are done.
inline double factor_at(const Schedule& schedule, i64 step, i64 steps, i64 epochs, std::span<const double> losses) {
  const ScheduleStep at{step, steps > 0 ? steps : 1, steps > 0 ? steps * epochs : 1, losses};
  const double factor = schedule(at);
  if (!(factor >= 0) || !is_finite(factor))
    fail("fit: the schedule's factor of the learning rate is ", factor, " at step ", step + 1,
         ", expected 0 or more and finite");
  if (steps == 0 && factor != schedule({step, i64{1} << 40, i64{1} << 50, losses}))
    fail("fit: this schedule depends on the number of batches, which a loader without batches() does not say");
  return factor;
}

inline std::string number(double v) {
  if (is_nan(v)) return "nan";  // of either sign
  char s[32];
  std::snprintf(s, sizeof s, "%g", v);
  return s;
}
// Parameters and statistics are numbers to go on with. left: what is said of a file that stays as it was.
template <class NetworkType>
void expect_finite(const NetworkType& net, i64 step, const std::string& left = {}) {
  std::size_t t = 0;
  for (const TensorPlace& place : net.tensors()) {
    for (const auto v : net.values(place))
      if (!is_finite(static_cast<double>(v)))
        fail("fit: '", tensor_names<typename NetworkType::Net>(net.tensors())[t], "' has ",
             number(static_cast<double>(v)), " after step ", step, left);
    ++t;
  }
}
// A checkpoint is to go on from: numbers that cannot are not written over those that can.
template <class NetworkType, class OptimizerType>
void write_checkpoint(NetworkType& net, OptimizerType& optimizer, const RunState& run, const FitOptions& options) {
  const std::string& path = options.checkpoint;
  expect_finite(net, run.step, "; " + path + " is left as it was");
  save_checkpoint(net, optimizer, run, path, options.ema);
}

// Gives the optimizer its learning rate back, however the run ends.
template <class OptimizerType>
struct KeepRate {
  OptimizerType& optimizer;
  double rate;
  ~KeepRate() { optimizer.set_learning_rate(rate); }
};

// Whether epoch e is better than the best so far; then it is the best.
template <class NetworkType>
void keep_best(BestEpoch& best, Keep keep, const EpochRecord& e, const NetworkType& net) {
  if (keep == Keep::last) return;
  const bool by_loss = keep == Keep::best_validation_loss;
  const double value = by_loss ? e.validation_loss : e.validation_accuracy;
  if (is_nan(value) || (best.epoch > 0 && (by_loss ? value >= best.value : value <= best.value))) return;
  const auto state = net.state();
  best = {static_cast<i64>(keep), e.epoch, value, {state.begin(), state.end()}};
}

// Whether these go with the network; where they do not, check_fit is the one error that says so.
template <class NetworkType, class LoaderType, class Loss, class Validation>
constexpr bool fits() {
  return loader_fits<LoaderType, NetworkType>() && loss_fits<Loss, LoaderType, NetworkType>() &&
         (std::is_same_v<Validation, NoLoader> || loader_fits<Validation, NetworkType>()) && NetworkType::trains;
}
template <class NetworkType, class LoaderType, class Loss, class Validation>
void check_fit() {
  NetworkType::check_backward();
  check_loader<LoaderType, NetworkType>();
  check_loss<Loss, LoaderType, NetworkType>();
  if constexpr (!std::is_same_v<Validation, NoLoader>) check_loader<Validation, NetworkType>();
}

template <class NetworkType, class LoaderType, class Config, class Loss, class Validation>
History run_fit(NetworkType& net, LoaderType& loader, Config& config, const Loss& loss, const FitOptions& options,
                Validation& validation) {
  using Clock = std::chrono::steady_clock;
  options.check();
  auto&& optimizer = optimizer_for(net, config);
  expect_network_of("fit", net, optimizer);
  if (options.ema) options.ema->expect_type(Ema<NetworkType>::type());
  const double base_rate = optimizer.learning_rate();
  const i64 batches = batches_of(loader), steps = (batches + options.accumulate - 1) / options.accumulate;
  if (options.keep != Keep::last && std::is_same_v<Validation, NoLoader>)
    fail("fit: keep asks for the best epoch by its validation, but there is no validation loader");
  const KeepRate<std::remove_cvref_t<decltype(optimizer)>> keep{optimizer, base_rate};
  RunState run;
  if constexpr (requires { loader.classes(); } && NetworkType::Facts::output.plane() == 1)  // known without a pass
    if (loader.classes() > NetworkType::Facts::output.c())
      fail("fit: the loader has labels up to ", loader.classes() - 1, ", the network gives ",
           NetworkType::Facts::output.c(), " classes");
  net.zero_grad();
  if (!options.checkpoint.empty()) {
    run.data = data_facts(loader, batches);
    if (options.accumulate > 1) run.data["loader.accumulate"] = std::to_string(options.accumulate);
    if (options.resume && io::file_exists(options.checkpoint))
      run = load_checkpoint(net, optimizer, options.checkpoint, &run.data, options.ema);
    if (run.epoch < options.epochs && !run.finished) io::check_replaceable(options.checkpoint);
  }
  if (batches > 0 && run.batch > batches)
    fail(options.checkpoint, ": stands at batch ", run.batch, " of epoch ", run.epoch + 1, ", the loader has ",
         batches);

  if (run.epoch > 0 && options.keep != Keep::last && run.best.of != static_cast<i64>(options.keep))
    fail(options.checkpoint, ": a checkpoint of a run that did not keep the best epoch in this way");
  run.best.of = static_cast<i64>(options.keep);

  bool stop = run.finished;
  std::vector<double> losses;
  for (const EpochRecord& e : run.history) losses.push_back(monitored(e));
  if (options.record_steps && batches > 0)
    run.history.steps.reserve(static_cast<std::size_t>(std::min(steps * options.epochs, i64{1} << 20)));
  report::Progress progress(options.progress, options.epochs);
  Trainer trainer(net, optimizer, loss, options.clip_grad_norm);
  const auto account = [&](const StepResult& step) {
    ++run.step;
    run.batch += step.batches;
    const auto fail_at = [&](const char* what, double value) {
      fail("fit: the ", what, " is ", number(value), " at step ", run.step, " (epoch ", run.epoch + 1, ", batch ",
           run.batch, ", learning rate ", number(step.learning_rate), ")");
    };
    if (!step.loss_usable()) fail_at("loss", step.loss);
    if (!step.usable()) fail_at("norm of the gradients", step.gradient_norm);
    run.counted += step.counted;
    run.correct += step.correct;
    run.loss.add(step.loss, step.weight);
    run.images += step.images;
    const double step_loss = step.weight != 0 ? step.loss : not_measured;
    if (options.record_steps) run.history.steps.push_back({run.step, step_loss});
    progress.step(step.images, run.loss.mean());
    if (options.ema) options.ema->take(&net);
    if (options.on_batch) options.on_batch({run.epoch + 1, run.step, step_loss, step.learning_rate, &stop});
  };
  // Callbacks may change what the next step does, and an average takes the weights of each step: none is under way
  // then.
  const int ahead =
      options.on_batch || options.ema || options.accumulate > 1 ? 0 : decltype(trainer)::most_under_way - 1;
  const auto collect = [&](int left) {
    while (trainer.under_way() > left) account(trainer.collect());
  };
  for (; run.epoch < options.epochs && !stop; ++run.epoch, run.batch = 0) {
    const auto start = Clock::now();
    const double earlier_seconds = run.seconds;
    auto elapsed = [&] { return earlier_seconds + std::chrono::duration<double>(Clock::now() - start).count(); };
    progress.begin_epoch(static_cast<int>(run.epoch) + 1, steps, run.batch / options.accumulate);
    auto&& epoch = epoch_of(loader, static_cast<std::size_t>(run.epoch), static_cast<std::size_t>(run.batch));
    int gathered = 0;
    for (const auto& batch : epoch) {
      if (gathered == 0)
        optimizer.set_learning_rate(
            base_rate * factor_at(options.schedule, run.step + trainer.under_way(), steps, options.epochs, losses));
      if (options.accumulate == 1) {
        trainer.submit(batch);
      } else {
        trainer.gather(batch);
        if (++gathered < options.accumulate) continue;
        trainer.update();
        gathered = 0;
      }
      collect(ahead);
      if (stop) break;
      if (options.checkpoint_every > 0 && (run.step + trainer.under_way()) % options.checkpoint_every == 0 &&
          !options.checkpoint.empty()) {
        collect(0);
        run.seconds = elapsed();
        write_checkpoint(net, optimizer, run, options);
      }
    }
    if (gathered > 0) trainer.update();
    collect(0);
    if (run.images == 0) fail("fit: the loader gave no images in epoch ", run.epoch + 1);
    expect_finite(net, run.step);

    EpochRecord record;
    record.epoch = static_cast<int>(run.epoch) + 1;
    if (!run.loss.empty()) record.loss = run.loss.mean();
    record.accuracy = share(static_cast<double>(run.correct), static_cast<double>(run.counted));
    record.learning_rate = optimizer.learning_rate();
    record.seconds = elapsed();
    record.images = run.images;
    record.images_per_second = static_cast<double>(run.images) / record.seconds;
    if constexpr (!std::is_same_v<Validation, NoLoader>) {
      const Evaluation e = evaluate(net, validation, loss);
      record.validation_loss = e.loss;
      record.validation_accuracy = e.accuracy;
    }
    keep_best(run.best, options.keep, record, net);
    run.history.push_back(record);
    losses.push_back(monitored(record));
    progress.end_epoch(record);
    if (options.on_epoch) options.on_epoch({record, run.history, &stop});
    run.loss = {};
    run.seconds = 0;
    run.images = run.counted = run.correct = 0;
    if (!options.checkpoint.empty()) {
      RunState next = run;
      ++next.epoch;
      next.batch = 0;
      next.finished = stop;
      write_checkpoint(net, optimizer, next, options);
    }
  }
  if (options.keep != Keep::last && run.best.epoch > 0) {
    net.load_state(run.best.state);
    run.history.kept_epoch = static_cast<int>(run.best.epoch);
  }
  return std::move(run.history);
}

}  // namespace detail

// config: SGD{...}, Adam{...}, AdamW{...}, or an Optimizer that the caller keeps. Gives a record per epoch, its loss
// one mean over the epoch, whatever the batch size. A batch in which nothing counts (all labels ignored) adds nothing
// to it, and is a step with gradients of zero: momentum and weight decay go on. A validation loss that is no number is
// recorded as it is. Throws Error, before the first step, where an option makes no sense or the optimizer is another
// network's; where the loss, the gradients' norm or, at an epoch's end, a parameter or running statistic stops being a
// number, naming the step; and what loader, loss and files throw.
template <class NetworkType, class LoaderType, class Config, class Loss>
History fit(NetworkType& net, LoaderType&& loader, Config&& config, const Loss& loss, const FitOptions& options = {}) {
  if constexpr (detail::expect_trainable<NetworkType, Config>()) {
    using L = std::remove_cvref_t<LoaderType>;
    detail::NoLoader none;
    detail::check_fit<NetworkType, L, Loss, detail::NoLoader>();
    if constexpr (detail::fits<NetworkType, L, Loss, detail::NoLoader>())
      return detail::run_fit(net, loader, config, loss, options, none);
  }
  return {};
}
// The same, evaluated on a second loader after each epoch.
template <class NetworkType, class LoaderType, class Config, class Loss, class Validation>
History fit(NetworkType& net, LoaderType&& loader, Config&& config, const Loss& loss, const FitOptions& options,
            Validation&& validation) {
  if constexpr (detail::expect_trainable<NetworkType, Config>()) {
    using L = std::remove_cvref_t<LoaderType>;
    using V = std::remove_cvref_t<Validation>;
    detail::check_fit<NetworkType, L, Loss, V>();
    if constexpr (detail::fits<NetworkType, L, Loss, V>())
      return detail::run_fit(net, loader, config, loss, options, validation);
  }
  return {};
}

}  // namespace ctnet
