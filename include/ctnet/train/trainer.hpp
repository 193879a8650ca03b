// SPDX-License-Identifier: MIT
// Trainer: whole training steps (forward, loss, backward, clipping, update), handed in and collected later. On the CPU
// a step is done when it is handed in; a backend that works on its own, as a GPU does, has several under way.
#pragma once

#include <cmath>
#include <vector>

#include "../core/finite.hpp"
#include "../optimizers.hpp"
#include "evaluate.hpp"

namespace ctnet {

// What one step was. Where the loss or the norm is no number, parameters were not updated by it nor by the steps
// handed in after it. A batch in which nothing counts, all its labels ignored, has no loss: its weight is 0, and its
// step one with gradients of zero.
struct StepResult {
  double loss = 0;
  double weight = 0;         // what the loss is a mean over: of its rows' weights, or of its elements
  double gradient_norm = 0;  // before clipping; 0 where nothing is clipped
  double learning_rate = 0;  // that it was taken with
  long long images = 0;
  long long counted = 0, correct = 0;  // of classifiers: labels that count, and those that were right
  bool usable() const { return loss_usable() && is_finite(gradient_norm); }
  bool loss_usable() const { return weight == 0 || is_finite(loss); }
};

// clip: the largest 2-norm of all gradients, 0 for any. Network and optimizer must stay where they are; the loss is
// copied. Throws Error where the optimizer is another network's.
template <class NetworkType, class OptimizerType, class Loss>
class Trainer {
  using T = typename NetworkType::scalar;

 public:
  static constexpr int most_under_way = 1;

  Trainer(NetworkType& net, OptimizerType& optimizer, const Loss& loss, double clip = 0)
      : net_(net), optimizer_(optimizer), loss_(loss), clip_(clip) {
    detail::expect_network_of("Trainer", net, optimizer);
  }

  // batch: with images and labels or targets. Throws Error where they do not go together.
  template <class Batch>
  void submit(const Batch& batch) {
    result_ = {};
    result_.learning_rate = optimizer_.learning_rate();
    const View<const T> logits = net_.forward(batch.images);
    gradient_.resize(logits.size());
    result_.images = static_cast<long long>(logits.shape(0));
    result_.loss = static_cast<double>(LossKernel<Loss, typename NetworkType::backend>::compute(
        loss_, logits, detail::targets_of(batch), std::span<T>{gradient_}));
    result_.weight = detail::total_weight(loss_, logits, detail::targets_of(batch));
    result_.loss = detail::mean_of(loss_, result_.loss, result_.weight);
    under_way_ = 1;
    if (!result_.loss_usable()) return;
    if constexpr (detail::classifies<NetworkType, Batch, Loss>) {
      const detail::Hits hits = detail::count_hits(logits, detail::targets_of(batch), loss_);
      result_.counted = hits.counted;
      result_.correct = hits.correct;
    }
    net_.backward(gradient_);
    if (clip_ > 0) result_.gradient_norm = optimizer_.clip_grad_norm(clip_);
    if (is_finite(result_.gradient_norm)) optimizer_();
  }
  int under_way() const { return under_way_; }
  // The oldest of them, which it waits for.
  StepResult collect() {
    if (under_way_ == 0) fail("Trainer: no step is under way");
    under_way_ = 0;
    return result_;
  }

 private:
  NetworkType& net_;
  OptimizerType& optimizer_;
  Loss loss_;
  double clip_;
  std::vector<T> gradient_;
  StepResult result_{};
  int under_way_ = 0;
};

}  // namespace ctnet
