// SPDX-License-Identifier: MIT
// What a training run leaves behind: one record per epoch and, where asked for, the loss of every step.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctnet {

// What was not measured is a NaN of its own, which no computation gives: a loss that was measured may be NaN too.
inline constexpr double not_measured = std::bit_cast<double>(std::uint64_t{0x7FF8'6374'6E65'7400});
constexpr bool measured(double v) { return std::bit_cast<std::uint64_t>(v) != 0x7FF8'6374'6E65'7400; }

struct EpochRecord {
  int epoch = 0;               // counted from 1
  double loss = not_measured;  // mean over the epoch's training images
  double accuracy = not_measured;
  double validation_loss = not_measured;
  double validation_accuracy = not_measured;  // accuracies are between 0 and 1
  double learning_rate = not_measured;        // at the epoch's last step
  double seconds = 0;
  double images_per_second = 0;
  long long images = 0;
};

struct StepRecord {
  long long step = 0;  // counted from 1, over all epochs
  double loss = not_measured;
};

// Epochs in order, like a vector of them: for (const auto& epoch : history) ...
class History {
 public:
  using value_type = EpochRecord;

  std::vector<EpochRecord> epochs;
  std::vector<StepRecord> steps;  // empty unless recorded
  int kept_epoch = 0;             // whose state the network has, where fit() was to keep the best; else 0

  void push_back(const EpochRecord& e) { epochs.push_back(e); }
  auto begin() const { return epochs.begin(); }
  auto end() const { return epochs.end(); }
  std::size_t size() const { return epochs.size(); }
  bool empty() const { return epochs.empty(); }
  const EpochRecord& operator[](std::size_t i) const { return epochs[i]; }
  EpochRecord& operator[](std::size_t i) { return epochs[i]; }
  const EpochRecord& front() const { return epochs.front(); }
  const EpochRecord& back() const { return epochs.back(); }
  EpochRecord& back() { return epochs.back(); }
};

}  // namespace ctnet
