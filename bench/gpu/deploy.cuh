// SPDX-License-Identifier: MIT
// Deployed networks. KIND deploy: call after call, input and output in device memory; latency: the same, each call
// awaited; host: input and output in the host's memory.
#pragma once

#include <ctnet/cuda.hpp>
#include <ctnet/deploy.hpp>

#include "job.cuh"

namespace bench {

template <int Batch>
class Inference final : public Job {
 public:
  explicit Inference(const std::string& kind) : kind_(kind) {
    if (!net_.load(net_state(Measured::spec()))) throw std::runtime_error("the state does not fit");
    batches_ = host_batches(Measured::spec(), Batch);
  }
  void restart() override {
    at_ = 0;
    net_.device_input();
    succeeds(cudaMemcpy(net_.device_input(), batches_[0].images.data(), batches_[0].images.size() * sizeof(float),
                        cudaMemcpyHostToDevice),
             "cudaMemcpy");
  }
  std::string check(int) override {
    std::vector<float> out(Batch * Made::outputs);
    if (kind_ == "host") {
      const auto given = call();
      out.assign(given.begin(), given.end());
    } else {
      const float* at = net_.launch(Batch);
      succeeds(cudaStreamSynchronize(net_.stream()), "a deployed network");
      succeeds(cudaMemcpy(out.data(), at, out.size() * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");
    }
    std::string text;
    for (std::size_t i = 0; i < out.size() && i < 2048; ++i) {
      char s[40];
      std::snprintf(s, sizeof s, "%s%.9g", i ? ", " : "{\"outputs\": [", static_cast<double>(out[i]));
      text += s;
    }
    return text + "]}";
  }
  std::string run(double seconds) override {
    if (kind_ == "host") return time_awaited(seconds, [&] { call(); }).json();
    if (kind_ == "latency")
      return time_awaited(seconds,
                          [&] {
                            net_.launch(Batch);
                            succeeds(cudaStreamSynchronize(net_.stream()), "a deployed network");
                          })
          .json();
    return time_stretches(seconds, net_.stream(), [&] { net_.launch(Batch); }).json();
  }

 private:
  using Made = ct::Deployed<Measured::Net, CifarInput, Backend, Batch>;

  std::span<const float> call() {
    const std::vector<float>& images = batches_[at_].images;
    at_ = (at_ + 1) % batches_.size();
    return net_(std::span<const float>{images}, Batch);
  }

  std::string kind_;
  std::vector<HostBatch> batches_;
  std::size_t at_ = 0;
  Made net_;
};

}  // namespace bench
