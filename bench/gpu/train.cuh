// SPDX-License-Identifier: MIT
// Training steps: forward, cross entropy, backward, SGD with momentum. KIND train: images in device memory; fed: they
// come from the host's memory, as fit feeds them.
#pragma once

#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>

#include "job.cuh"

namespace bench {

struct DeviceBatch {
  DeviceArray<float> images;
  DeviceArray<int> labels;

  std::size_t size() const { return labels.size(); }
  void queue_into(const ct::cuda::Queue& q, float* to, int* to_labels) const {
    ct::cuda::within_device(q, to, images.data(), images.size(), "images");
    ct::cuda::within_device(q, to_labels, labels.data(), labels.size(), "labels");
  }
};

class Training final : public Job {
 public:
  Training(bool fed, int batch) : fed_(fed), start_(net_state(Measured::spec())) {
    host_ = host_batches(Measured::spec(), static_cast<std::size_t>(batch));
    for (const HostBatch& b : host_) device_.push_back({DeviceArray<float>(b.images), DeviceArray<int>(b.labels)});
  }
  void restart() override {
    trainer_.reset();
    net_.load_state(start_);
    optimizer_ = std::make_unique<Optimizer>(net_, ct::SGD{.learning_rate = 0.001f, .momentum = 0.9});
    trainer_ = std::make_unique<Trainer>(net_, *optimizer_, loss_);
    at_ = 0;
  }
  std::string check(int steps) override {
    for (int i = 0; i < steps; ++i) step();
    collect();
    char s[100];
    std::snprintf(s, sizeof s, "{\"loss\": %.9g, \"nodes\": %zu}", last_.loss,
                  trainer_->graph_nodes(host_[0].labels.size()));
    return s;
  }
  std::string run(double seconds) override {
    const Timing timing = time_stretches(seconds, net_.engine().queue().stream, [&] { step(); });
    collect();
    return timing.json();
  }

 private:
  using Network = ct::Network<Measured::Net, CifarInput, Backend>;
  using Optimizer = ct::Optimizer<Network, ct::SGD>;
  using Trainer = ct::Trainer<Network, Optimizer, ct::CrossEntropy>;

  void step() {
    if (trainer_->under_way() == Trainer::most_under_way) last_ = trainer_->collect();
    if (fed_)
      trainer_->submit(host_[at_]);
    else
      trainer_->submit(device_[at_]);
    at_ = (at_ + 1) % host_.size();
  }
  void collect() {
    while (trainer_->under_way() > 0) last_ = trainer_->collect();
  }

  bool fed_;
  std::vector<float> start_;
  std::vector<HostBatch> host_;
  std::vector<DeviceBatch> device_;
  std::size_t at_ = 0;
  Network net_;
  ct::CrossEntropy loss_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Trainer> trainer_;
  ct::StepResult last_{};
};

}  // namespace bench
