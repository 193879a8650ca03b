// SPDX-License-Identifier: MIT
// What fit may be told: how long, with which schedule, what to call, what to keep.
#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "../core/check.hpp"
#include "../optimizers/schedule.hpp"
#include "../report/history.hpp"
#include "average.hpp"

namespace ctnet {

// What callbacks are told. stop() ends the run after the step or epoch at hand.
struct BatchReport {
  i64 epoch = 0;    // from 1
  i64 step = 0;     // from 1, over all epochs
  double loss = 0;  // not_measured where nothing counts, all labels being ignored
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

// Any callable. One with options has them checked when it is given, if it has a check() that throws.
template <class Report>
class Callback : public std::function<void(const Report&)> {
 public:
  Callback() = default;
  Callback(std::nullptr_t) {}  // as of a std::function: none
  template <class F>
    requires(!std::same_as<F, Callback> && std::is_invocable_v<F&, const Report&>)
  Callback(F f) : std::function<void(const Report&)>((checked(f), std::move(f))) {}

 private:
  template <class F>
  static void checked(const F& f) {
    if constexpr (requires { f.check(); }) f.check();
  }
};

// Of which epoch a network has its parameters and running statistics after fit().
enum class Keep { last, best_validation_loss, best_validation_accuracy };

struct FitOptions {
  int epochs = 1;
  bool progress = false;  // on stderr
  Schedule schedule{};    // factor of the optimizer's learning rate, per step; one that counts epochs or the whole run
                          // needs a loader with batches()
  double clip_grad_norm = 0;  // 2-norm of all gradients, PyTorch's clip_grad_norm_; 0: off
  bool record_steps = false;  // keep each step's loss in the history
  Callback<BatchReport> on_batch{};
  Callback<EpochReport> on_epoch{};
  std::string checkpoint{};  // file, which must be writable before the first step; empty: none
  i64 checkpoint_every = 0;  // steps; 0: at each epoch's end
  bool resume = true;        // where the checkpoint exists, go on from it: Error where it is of another network,
                             // optimizer (its learning rate apart), loader or data set, or damaged
  int accumulate = 1;        // batches that make one step: the step of one batch as large as all of them, its loss one
                             // mean; but BatchNorm and Dropout see each on its own. What is left at an epoch's end is a
                             // step too. Steps are what schedules, callbacks and checkpoint_every count.
  Keep keep = Keep::last;    // of equals the first epoch; NaN and what was not measured are never the best

  WeightAverage* ema = nullptr;  // an Ema of the network (ema.hpp), updated after each step and kept in the checkpoint

  // Throws Error where one makes no sense. An infinite clip_grad_norm measures the norm and clips nothing.
  void check() const {
    detail::check_option("fit", "epochs", epochs, epochs >= 0, "0 or more");
    if (!(clip_grad_norm >= 0)) fail("fit: clip_grad_norm is ", clip_grad_norm, ", expected 0 or more");
    detail::check_option("fit", "checkpoint_every", checkpoint_every, checkpoint_every >= 0, "0 or more");
    detail::check_option("fit", "accumulate", accumulate, accumulate >= 1, "1 or more");
  }
};

namespace detail {
// What a run is judged by: the validation loss; without a validation loader, the loss.
inline double monitored(const EpochRecord& e) { return measured(e.validation_loss) ? e.validation_loss : e.loss; }
}  // namespace detail

// A callback: stops when the validation loss (without a validation loader, the loss) has not improved by more than
// min_delta for `patience` epochs. A loss that is NaN is no improvement.
struct EarlyStopping {
  int patience = 3;
  double min_delta = 0;

  void check() const {
    detail::check_option("EarlyStopping", "patience", patience, patience >= 1, "1 or more");
    detail::check_option("EarlyStopping", "min_delta", min_delta, min_delta >= 0, "0 or more");
  }
  void operator()(const EpochReport& report) const {
    double best = std::numeric_limits<double>::infinity();
    int since = 0;
    for (const EpochRecord& e : report.history) {
      const double loss = detail::monitored(e);
      if (loss < best - min_delta)
        best = loss, since = 0;
      else
        ++since;
    }
    if (since >= patience) report.stop();
  }
};

}  // namespace ctnet
