// SPDX-License-Identifier: MIT
// ctnet's side of lenet_training.py: training steps of LeNet, one thread. Requests:
//   describe | peak SECONDS | check BATCH STEPS | train VARIANT BATCH SECONDS
#include <cstdio>
#include <string>
#include <vector>

#include "lenet.hpp"
#include "support/numbers.hpp"
#include "support/peak.hpp"
#include "support/worker.hpp"

namespace {

using namespace bench;

constexpr std::size_t pool = 8;  // batches, used in turn

// Forward, loss, backward, SGD with momentum, always from the same start.
class Training {
 public:
  explicit Training(std::size_t batch) : batch_(batch), images_(pool * batch * image), labels_(pool * batch) {
    for (std::size_t i = 0; i < images_.size(); ++i) images_[i] = symmetric(Stream::images, i);
    for (std::size_t i = 0; i < labels_.size(); ++i) labels_[i] = static_cast<int>(10 * uniform(Stream::labels, i));
    std::size_t i = 0;
    for (const ct::TensorPlace& place : net_.tensors()) {
      const float bound = 1 / std::sqrt(static_cast<float>(place.spec.fan_in));
      for (float& p : net_.values(place)) p = bound * symmetric(Stream::parameters, i++);
    }
  }

  void operator()() {
    const std::size_t at = steps_++ % pool * batch_;
    const auto logits = net_.forward(std::span<const float>{images_.data() + at * image, batch_ * image});
    gradient_.resize(logits.size());
    loss_ = cross_entropy_.compute(logits, std::span<const int>{labels_.data() + at, batch_}, gradient_);
    net_.backward(gradient_);
    step_();
  }
  double loss() const { return static_cast<double>(loss_); }

 private:
  static constexpr std::size_t image = 3 * 32 * 32;

  std::size_t batch_, steps_ = 0;
  std::vector<float> images_, gradient_;
  std::vector<int> labels_;
  ct::Network<LeNet, LeNetInput> net_;
  ct::CrossEntropy cross_entropy_;
  ct::Optimizer<ct::Network<LeNet, LeNetInput>, ct::SGD> step_{net_, ct::SGD{.learning_rate = 0.001f, .momentum = 0.9}};
  float loss_ = 0;
};

std::string object(std::initializer_list<std::pair<const char*, double>> members) {
  std::string text;
  for (const auto& [name, value] : members) {
    char s[80];
    std::snprintf(s, sizeof s, "%s\"%s\": %.9g", text.empty() ? "" : ", ", name, value);
    text += s;
  }
  return "{" + text + "}";
}

std::string answer(std::istringstream& words) {
  std::string what, variant;
  std::size_t batch = 0;
  words >> what;
  if (what == "describe") {
    char s[200];
    std::snprintf(s, sizeof s, "{\"name\": \"ctnet (%s, %s)\", \"variants\": [\"Network\"], \"training_macs\": %.0f}",
                  ct::cpu::name(ct::cpu::target()), __VERSION__, training_macs<LeNet, LeNetInput>());
    return s;
  }
  if (double seconds = 0; what == "peak" && words >> seconds)
    return object({{"operations_per_second", peak_operations_per_second(seconds)}});
  if (int steps = 0; what == "check" && words >> batch >> steps) {
    Training training(batch);
    for (int i = 0; i < steps; ++i) training();
    return object({{"loss", training.loss()}});
  }
  if (double seconds = 0; what == "train" && words >> variant >> batch >> seconds) {
    Training training(batch);
    const Rate rate = measure(seconds, [&] { training(); });
    return object({{"images_per_second", rate.per_second * static_cast<double>(batch)},
                   {"cpu_share", rate.cpu_share},
                   {"loss", training.loss()}});
  }
  throw ct::Error("unknown request");
}

}  // namespace

int main() { return serve(answer); }
