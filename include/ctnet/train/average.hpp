// SPDX-License-Identifier: MIT
// What fit and checkpoints know of an average of a network's weights (ema.hpp), whatever the network's type.
#pragma once

namespace ctnet {

namespace io {
class Safetensors;
class SafetensorsWriter;
}  // namespace io

class WeightAverage {
 public:
  WeightAverage() = default;
  WeightAverage(const WeightAverage&) = delete;
  WeightAverage& operator=(const WeightAverage&) = delete;
  virtual ~WeightAverage() = default;

  // Throws Error where it is the average of a network of another type than the one that `type` stands for.
  virtual void expect_type(const void* type) const = 0;
  // Takes in the weights of *network.
  virtual void take(const void* network) = 0;
  // To a checkpoint, which borrows what it is given until it is written.
  virtual void add_to(io::SafetensorsWriter& file) = 0;
  // From a checkpoint, in two steps: read throws Error where the file has no such average, and restore does not.
  virtual void read(const io::Safetensors& file) = 0;
  virtual void restore() = 0;
};

}  // namespace ctnet
