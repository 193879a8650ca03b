// SPDX-License-Identifier: MIT
// Trainer: whole training steps (forward, loss, backward, clipping, update), handed in and collected later. On the CPU
// a step is done when it is handed in; a backend that works on its own, as a GPU does, has several under way.
#pragma once

#include <vector>

#include "../core/finite.hpp"
#include "../optimizers.hpp"
#include "evaluate.hpp"

namespace ctnet {

// What one step was. Where the loss or the norm is no number, parameters were not updated by it nor by the steps
// handed in after it. A step in which nothing counts, all its labels ignored, has no loss: its weight is 0, and its
// gradients are zero.
struct StepResult {
  double loss = 0;
  double weight = 0;         // what the loss is a mean over: of its rows' weights, or of its elements
  double gradient_norm = 0;  // before clipping; 0 where nothing is clipped
  double learning_rate = 0;  // that it was taken with
  long long images = 0;
  long long counted = 0, correct = 0;  // of classifiers: labels that count, and those that were right
  long long batches = 1;               // of several where they were gathered
  bool usable() const { return loss_usable() && is_finite(gradient_norm); }
  bool loss_usable() const { return weight == 0 || is_finite(loss); }
};

namespace detail {

// Steps by the calls that everybody has: network, loss, optimizer.
template <class NetworkType, class OptimizerType, class Loss>
class PlainTrainer {
  using T = typename NetworkType::scalar;

 public:
  PlainTrainer(NetworkType& net, OptimizerType& optimizer, const Loss& loss, double clip)
      : net_(net), optimizer_(optimizer), loss_(loss), clip_(clip) {
    if constexpr (expect_trainable<NetworkType, OptimizerType>()) expect_network_of("Trainer", net, optimizer);
  }

  template <class Batch>
  void submit(const Batch& batch) {
    if (gathering_) fail("Trainer: submit among batches that are gathered; update first");
    begin();
    pass(batch, false);
    end(1);
  }
  template <class Batch>
  void gather(const Batch& batch) {
    if (!gathering_) begin();
    gathering_ = true;
    pass(batch, true);
  }
  void update() {
    if (!gathering_) fail("Trainer: update, but no batch was gathered");
    gathering_ = false;
    end(gives_means() && total_.weight != 0 ? 1 / total_.weight : 1);
  }
  int under_way() const { return under_way_; }
  StepResult collect() {
    if (under_way_ == 0) fail("Trainer: no step is under way");
    under_way_ = 0;
    return result_;
  }

 private:
  bool gives_means() const {
    if constexpr (requires { loss_.reduction; }) return loss_.reduction == Reduction::mean;
    return true;
  }
  void begin() {
    result_ = {};
    result_.batches = 0;
    result_.learning_rate = optimizer_.learning_rate();
    total_ = {};
  }
  // Forward, loss and backward; with gradients of the sum where several batches are to be one mean.
  template <class Batch>
  void pass(const Batch& batch, bool as_sum) {
    const auto& targets = targets_of(batch);
    const View<const T> logits = net_.forward(batch.images);
    gradient_.resize(logits.size());
    const auto value = static_cast<double>(
        LossKernel<Loss, typename NetworkType::backend>::compute(loss_, logits, targets, std::span<T>{gradient_}));
    const double weight = total_weight(loss_, logits, targets), mean = mean_of(loss_, value, weight);
    total_.add(mean, weight);
    ++result_.batches;
    result_.images += static_cast<long long>(logits.shape(0));
    result_.loss = result_.batches == 1 ? mean : total_.mean();
    result_.weight = total_.weight;
    if (!result_.loss_usable()) return;
    if constexpr (classifies<NetworkType, Batch, Loss>) {
      const Hits hits = count_hits(logits, targets, loss_);
      result_.counted += hits.counted;
      result_.correct += hits.correct;
    }
    if (as_sum && gives_means())
      for (T& g : gradient_) g *= static_cast<T>(weight);
    net_.backward(gradient_);
  }
  void end(double factor) {
    under_way_ = 1;
    if (!result_.loss_usable()) return net_.zero_grad();
    if (factor != 1)
      for (T& g : net_.gradients()) g *= static_cast<T>(factor);
    if constexpr (!std::is_const_v<OptimizerType>) {
      if (clip_ > 0) result_.gradient_norm = optimizer_.clip_grad_norm(clip_);
      if (is_finite(result_.gradient_norm)) optimizer_();
    }
  }

  NetworkType& net_;
  OptimizerType& optimizer_;
  Loss loss_;
  double clip_;
  std::vector<T> gradient_;
  LossTotal total_;  // of the step at hand
  StepResult result_{};
  int under_way_ = 0;
  bool gathering_ = false;
};

}  // namespace detail

// clip: the largest 2-norm of all gradients, 0 for any. Network and optimizer must stay where they are; the loss is
// copied. Throws Error where the optimizer is another network's.
template <class NetworkType, class OptimizerType, class Loss>
class Trainer {
 public:
  static constexpr int most_under_way = 1;

  Trainer(NetworkType& net, OptimizerType& optimizer, const Loss& loss, double clip = 0)
      : steps_(net, optimizer, loss, clip) {}

  // A step with one batch, with images and labels or targets. Throws Error where they do not go together.
  template <class Batch>
  void submit(const Batch& batch) {
    steps_.submit(batch);
  }
  // A step with several: gather each, then update. It is the step of one batch that holds them all, its loss their one
  // mean; but BatchNorm and Dropout see each batch on its own.
  template <class Batch>
  void gather(const Batch& batch) {
    steps_.gather(batch);
  }
  void update() { steps_.update(); }
  int under_way() const { return steps_.under_way(); }
  // The oldest of the steps, which it waits for.
  StepResult collect() { return steps_.collect(); }

 private:
  detail::PlainTrainer<NetworkType, OptimizerType, Loss> steps_;
};

}  // namespace ctnet
