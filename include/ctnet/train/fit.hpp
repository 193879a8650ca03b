// SPDX-License-Identifier: MIT
// fit: trains a network on a loader's images. Progress, history, callbacks, schedules, clipping, checkpoints.
#pragma once

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "../optimizers.hpp"
#include "../report/progress.hpp"
#include "checkpoint.hpp"
#include "evaluate.hpp"

namespace ctnet {

// What callbacks are told. stop() ends the run after the step or epoch at hand.
struct BatchReport {
  i64 epoch = 0;  // from 1
  i64 step = 0;   // from 1, over all epochs
  double loss = 0;
  double learning_rate = 0;
  bool* stop_flag = nullptr;
  void stop() const { *stop_flag = true; }
};
struct EpochReport {
  const EpochRecord& record;
  const History& history;  // this epoch is its last
  bool* stop_flag = nullptr;
  void stop() const { *stop_flag = true; }
};

struct FitOptions {
  int epochs = 1;
  bool progress = false;     // on stderr
  Schedule schedule{};       // factor of the optimizer's learning rate, per step
  double clip_grad_norm = 0; // 2-norm of all gradients, PyTorch's clip_grad_norm_; 0: off
  bool record_steps = false; // keep each step's loss in the history
  std::function<void(const BatchReport&)> on_batch{};
  std::function<void(const EpochReport&)> on_epoch{};
  std::string checkpoint{};  // file; empty: none
  i64 checkpoint_every = 0;  // steps; 0: at each epoch's end
  bool resume = true;        // where the checkpoint exists, go on from it
};

// A callback: stops when the validation loss (without a validation loader, the loss) has not improved by more than
// min_delta for `patience` epochs.
struct EarlyStopping {
  int patience = 3;
  double min_delta = 0;

  void operator()(const EpochReport& report) const {
    double best = std::numeric_limits<double>::infinity();
    int since = 0;
    for (const EpochRecord& e : report.history) {
      const double loss = std::isnan(e.validation_loss) ? e.loss : e.validation_loss;
      if (loss < best - min_delta)
        best = loss, since = 0;
      else
        ++since;
    }
    if (since >= patience) report.stop();
  }
};

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

inline bool exists(const std::string& path) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (f) std::fclose(f);
  return f != nullptr;
}
template <class L>
i64 batches_of(const L& loader) {
  if constexpr (requires { loader.batches(); })
    return static_cast<i64>(loader.batches());
  else
    return 0;
}

template <class NetworkType, class LoaderType, class Config, class Loss, class Validation>
History run_fit(NetworkType& net, LoaderType& loader, Config& config, const Loss& loss, const FitOptions& options,
                Validation& validation) {
  using T = typename NetworkType::scalar;
  using Clock = std::chrono::steady_clock;
  auto&& optimizer = optimizer_for(net, config);
  const double base_rate = optimizer.learning_rate();
  const i64 batches = batches_of(loader);
  RunState run;
  if (!options.checkpoint.empty() && options.resume && exists(options.checkpoint))
    run = load_checkpoint(net, optimizer, options.checkpoint);

  bool stop = run.finished;
  std::vector<T> gradient;
  report::Progress progress(options.progress, options.epochs);
  for (; run.epoch < options.epochs && !stop; ++run.epoch, run.batch = 0) {
    const auto start = Clock::now();
    const double earlier_seconds = run.seconds;
    auto elapsed = [&] { return earlier_seconds + std::chrono::duration<double>(Clock::now() - start).count(); };
    progress.begin_epoch(static_cast<int>(run.epoch) + 1, batches, run.batch);
    auto&& epoch = epoch_of(loader, static_cast<std::size_t>(run.epoch), static_cast<std::size_t>(run.batch));
    bool labelled = false;
    for (const auto& batch : epoch) {
      const double rate = base_rate * options.schedule({run.step, batches > 0 ? batches : 1, batches * options.epochs});
      optimizer.set_learning_rate(rate);
      const View<const T> logits = net.forward(batch.images);
      gradient.resize(logits.size());
      const double value = static_cast<double>(LossKernel<Loss, typename NetworkType::backend>::compute(
          loss, logits, targets_of(batch), std::span<T>{gradient}));
      ++run.step;
      if (!std::isfinite(value))
        fail("fit: the loss is ", std::to_string(value), " at step ", run.step, " (epoch ", run.epoch + 1, ", batch ",
             run.batch + 1, ", learning rate ", std::to_string(rate), ")");
      if constexpr (Labelled<std::remove_cvref_t<decltype(batch)>>) {
        labelled = true;
        run.correct += static_cast<double>(correct_rows(logits, targets_of(batch)));
      }
      net.backward(gradient);
      if (options.clip_grad_norm > 0) {
        const double norm = optimizer.clip_grad_norm(options.clip_grad_norm);
        if (!std::isfinite(norm))
          fail("fit: the norm of the gradients is ", std::to_string(norm), " at step ", run.step, " (epoch ",
               run.epoch + 1, ", batch ", run.batch + 1, ")");
      }
      optimizer();
      const auto n = static_cast<long long>(logits.shape(0));
      run.loss_sum += static_cast<double>(n) * value;
      run.images += n;
      ++run.batch;
      if (options.record_steps) run.history.steps.push_back({run.step, value});
      progress.step(n, run.loss_sum / static_cast<double>(run.images));
      if (options.on_batch) options.on_batch({run.epoch + 1, run.step, value, rate, &stop});
      if (options.checkpoint_every > 0 && run.step % options.checkpoint_every == 0 && !options.checkpoint.empty()) {
        run.seconds = elapsed();
        save_checkpoint(net, optimizer, run, options.checkpoint);
      }
      if (stop) break;
    }
    if (run.images == 0) fail("fit: the loader gave no images in epoch ", run.epoch + 1);

    EpochRecord record;
    record.epoch = static_cast<int>(run.epoch) + 1;
    record.loss = run.loss_sum / static_cast<double>(run.images);
    if (labelled) record.accuracy = run.correct / static_cast<double>(run.images);
    record.learning_rate = optimizer.learning_rate();
    record.seconds = elapsed();
    record.images = run.images;
    record.images_per_second = static_cast<double>(run.images) / record.seconds;
    if constexpr (!std::is_same_v<Validation, NoLoader>) {
      const Evaluation e = evaluate(net, validation, loss);
      record.validation_loss = e.loss;
      record.validation_accuracy = e.accuracy;
    }
    run.history.push_back(record);
    progress.end_epoch(record);
    if (options.on_epoch) options.on_epoch({record, run.history, &stop});
    run.loss_sum = run.correct = run.seconds = 0;
    run.images = 0;
    if (!options.checkpoint.empty()) {
      RunState next = run;
      ++next.epoch;
      next.batch = 0;
      next.finished = stop;
      save_checkpoint(net, optimizer, next, options.checkpoint);
    }
  }
  optimizer.set_learning_rate(base_rate);
  return std::move(run.history);
}

}  // namespace detail

// config: SGD{...}, Adam{...}, AdamW{...}, or an Optimizer that the caller keeps. Gives a record per epoch. Throws Error
// where the loss or the gradients' norm stops being a number, naming the step; and what loader, loss and files throw.
template <class NetworkType, class LoaderType, class Config, class Loss>
History fit(NetworkType& net, LoaderType&& loader, Config&& config, const Loss& loss, const FitOptions& options = {}) {
  detail::check_loader<std::remove_cvref_t<LoaderType>, NetworkType>();
  if constexpr (detail::loader_fits<std::remove_cvref_t<LoaderType>, NetworkType>()) {
    detail::NoLoader none;
    return detail::run_fit(net, loader, config, loss, options, none);
  } else {
    return {};
  }
}
// The same, evaluated on a second loader after each epoch.
template <class NetworkType, class LoaderType, class Config, class Loss, class Validation>
History fit(NetworkType& net, LoaderType&& loader, Config&& config, const Loss& loss, const FitOptions& options,
            Validation&& validation) {
  detail::check_loader<std::remove_cvref_t<LoaderType>, NetworkType>();
  detail::check_loader<std::remove_cvref_t<Validation>, NetworkType>();
  if constexpr (detail::loader_fits<std::remove_cvref_t<LoaderType>, NetworkType>() &&
                detail::loader_fits<std::remove_cvref_t<Validation>, NetworkType>()) {
    return detail::run_fit(net, loader, config, loss, options, validation);
  } else {
    return {};
  }
}

}  // namespace ctnet
