// SPDX-License-Identifier: MIT
// Training steps of a Network: forward, cross entropy, backward, SGD with momentum, on images in memory.
#pragma once

#include <ctnet/ctnet.hpp>

#include "../support/job.hpp"
#include "nets.hpp"

namespace bench {

template <class Net, class Backend>
class Training final : public Job {
 public:
  Training(const std::string& name, std::size_t batch)
      : batch_(batch), images_(name, batch), start_(net_state(net_spec(name))) {
    for (std::size_t i = 0; i < batch * images_.batches(); ++i) labels_.push_back(label(i));
  }
  void restart() override {
    images_.restart();
    net_.load_state(start_);
    step_ = std::make_unique<Step>(net_, ct::SGD{.learning_rate = 0.001f, .momentum = 0.9});
  }
  void step() override {
    const auto logits = net_.forward(std::span<const float>{images_.data(), images_.size()});
    gradient_.resize(logits.size());
    loss_ = cross_entropy_.compute(logits, std::span<const int>{labels_.data() + images_.first(), batch_}, gradient_);
    net_.backward(gradient_);
    (*step_)();
    images_.next();
  }
  std::string result() override { return object("loss", static_cast<double>(loss_)); }

 private:
  using Trained = ct::Network<Net, CifarInput, Backend>;
  using Step = ct::Optimizer<Trained, ct::SGD>;

  std::size_t batch_;
  Images images_;
  std::vector<float> start_, gradient_;
  std::vector<int> labels_;
  Trained net_;
  ct::CrossEntropy cross_entropy_;
  std::unique_ptr<Step> step_;
  float loss_ = 0;
};

}  // namespace bench
