// SPDX-License-Identifier: MIT
// Inference by a Deployed network.
#pragma once

#include <ctnet/deploy/deploy.hpp>
#include <ctnet/infer.hpp>

#include "../support/job.hpp"
#include "nets.hpp"

namespace bench {

template <class Net, class Input, class Backend, int Batch>
class Inference final : public Job {
 public:
  explicit Inference(const std::string& name) : images_(name, Batch) {
    if (!net_->load(net_state(net_spec(name)))) throw std::runtime_error("the state does not fit " + name);
  }
  void restart() override { images_.restart(); }
  void step() override {
    const std::span<const float> images{images_.data(), images_.size()};
    if constexpr (Batch == 1)
      output_ = (*net_)(images.template first<Made::inputs>());
    else
      output_ = (*net_)(images, Batch);
    images_.next();
  }
  std::string result() override { return outputs_object(output_.data(), output_.size()); }

 private:
  using Made = ct::Deployed<Net, Input, Backend, Batch>;

  Images images_;
  std::unique_ptr<Made> net_ = ct::make_deployed<Net, Input, Backend, Batch>();
  std::span<const float> output_;
};

}  // namespace bench
