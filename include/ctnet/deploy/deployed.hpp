// SPDX-License-Identifier: MIT
// A network made ready to run, weights and memory in one object.
#pragma once

#include "context.hpp"

namespace ctnet {

// BatchNorm is folded, activations and residual adds are fused, weights are packed, Dropout is gone. Its memory is a
// constant: a static object lies in .bss; a big one is made by make_deployed or deploy. Nothing allocates or throws.
template <class Net, class Input, class B = Cpu<float>, int Capacity = 1>
class Deployed {
  enum : unsigned { checked = Checked<Net, Input>::size };

 public:
  using scalar = typename B::scalar;
  using Packed = Weights<Net, Input, B>;
  using Memory = Context<Net, Input, B, Capacity>;
  static constexpr std::size_t weight_bytes = Packed::weight_bytes;
  static constexpr std::size_t arena_bytes = Memory::arena_bytes;
  static constexpr std::size_t inputs = Memory::inputs;
  static constexpr std::size_t outputs = Memory::outputs;

  constexpr Deployed() noexcept = default;

  // Takes a network's state (Network::state()): parameters and BatchNorm statistics in the order of the layers. False
  // where the size is wrong; then nothing has changed.
  [[nodiscard]] bool load(Run<const scalar> state) noexcept { return weights_.load(state); }
  bool loaded() const noexcept { return weights_.loaded(); }
  const Packed& weights() const noexcept { return weights_; }

  // One image (C, H, W) -> its outputs, which live until the next call and may be its image. Where nothing was loaded,
  // loaded() is false and the weights are zeros: outputs are then those of a network of zeros.
  std::span<const scalar, outputs> operator()(std::span<const scalar, inputs> image) noexcept {
    return context_(weights_, image);
  }
  // The same for a range whose length only the run knows (std::vector); empty where it is not one image's.
  template <class X>
    requires deployment::ImageOf<X, scalar, inputs>
  std::span<const scalar> operator()(const X& image) noexcept {
    static_assert(deployment::may_be_image<X, inputs>, "Deployed: an array of another length than an image has values");
    return context_(weights_, Run<const scalar>{image});
  }
  // `batch` images (N, C, H, W) -> (N, outputs); empty where they are more than the capacity or than `images` holds.
  std::span<const scalar> operator()(Run<const scalar> images, int batch) noexcept {
    return context_(weights_, images, batch);
  }

 private:
  Packed weights_;
  Memory context_;
};

}  // namespace ctnet
