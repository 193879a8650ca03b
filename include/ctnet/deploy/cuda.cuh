// SPDX-License-Identifier: MIT
// Deployed networks on the GPU: Dropout is gone, normalizations, activations, residual adds and pools run within the
// kernels before them, and a call is one launch of a graph. Tensors of the host come and go through pinned memory;
// those who have theirs on the device write to device_input, launch and read the output there.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "../train/cuda/engine.cuh"
#include "../train/network.hpp"
#include "deploy.hpp"

namespace ctnet {

template <class Net, class Input, class... P, int Capacity>
class Deployed<Net, Input, Cuda<P...>, Capacity> {
  using B = Cuda<P...>;
  enum : unsigned { checked = Checked<Net, Input>::size };
  static_assert(Capacity >= 1, "Deployed: the capacity is the most images of a call, at least 1");

 public:
  using scalar = typename B::scalar;
  static constexpr i64 state_size = Analysis<Net, Input>::state_size;
  static constexpr std::size_t weight_bytes = sizeof(scalar) * static_cast<std::size_t>(state_size);
  static constexpr std::size_t inputs = static_cast<std::size_t>(Input::shape.size());
  static constexpr std::size_t outputs = static_cast<std::size_t>(Analysis<Net, Input>::output.size());
  static constexpr int capacity = Capacity;

  // Allocates all it ever will. Throws Error where there is no GPU or too little memory on it; so do the calls below
  // where the device fails.
  Deployed() : predictor_(passes().inference, detail::steps<Net, Input, B>.step, network()) {
    const Program& p = passes().inference.program;
    parameters_.grow(room(p.parameters), "parameters");
    statistics_.grow(room(p.statistics), "running statistics");
    scratch_.grow(std::max(cuda::scratch_of<B>(p, detail::steps<Net, Input, B>.step), std::size_t{1}), "scratch");
    predictor_.host_input(Capacity);
  }

  // Takes a network's state (Network::state()): parameters and BatchNorm statistics in the order of the layers. False
  // where the size is wrong; then nothing has changed.
  [[nodiscard]] bool load(Run<const scalar> state) {
    if (static_cast<i64>(state.size()) != state_size) return false;
    const Program& p = passes().inference.program;
    std::vector<scalar> parameters(room(p.parameters)), statistics(room(p.statistics));
    auto from = state.begin();
    for (int t = 0; t < p.tensors; ++t) {
      const TensorPlace& place = p.tensor[t];
      const auto size = static_cast<std::ptrdiff_t>(place.spec.size());
      std::copy(from, from + size, (place.spec.parameter() ? parameters : statistics).begin() + place.offset);
      from += size;
    }
    cuda::to_device(queue(), parameters_.data(), parameters.data(), parameters.size(), "parameters");
    cuda::to_device(queue(), statistics_.data(), statistics.data(), statistics.size(), "running statistics");
    stream_.synchronize("parameters");
    loaded_ = true;
    return true;
  }
  bool loaded() const noexcept { return loaded_; }

  // One image (C, H, W) -> its outputs, which live until the next call.
  std::span<const scalar, outputs> operator()(std::span<const scalar, inputs> image) {
    return std::span<const scalar, outputs>{run(image.data(), 1), outputs};
  }
  // `batch` images (N, C, H, W) -> (N, outputs); empty where they are more than the capacity or than `images` holds.
  std::span<const scalar> operator()(Run<const scalar> images, int batch) {
    if (batch < 1 || batch > Capacity || images.size() < static_cast<std::size_t>(batch) * inputs) return {};
    return {run(images.data(), batch), static_cast<std::size_t>(batch) * outputs};
  }

  // Without copies: write up to Capacity images here, (N, C, H, W) in device memory, in the order of stream() ...
  scalar* device_input() { return predictor_.input(Capacity); }
  // ... queue the work; the outputs (N, outputs) are in device memory once the stream has come there, until the next
  // launch. Does not wait. Throws Error where the batch is not 1 to Capacity.
  const scalar* launch(int batch) {
    if (batch < 1 || batch > Capacity) fail("launch: a batch of ", batch, ", the capacity is ", Capacity);
    return predictor_.run(static_cast<std::size_t>(batch), numbers(), queue());
  }
  cudaStream_t stream() const { return stream_.get(); }

 private:
  static const cuda::Passes& passes() { return cuda::passes<Net, Input, B>(); }
  static auto network() {
    if constexpr (B::persistent)
      return cuda::Persistence<B>::template network<Net, Input>();
    else
      return typename cuda::Persistence<B>::Network{};
  }
  static std::size_t room(i64 n) { return static_cast<std::size_t>(n > 0 ? n : 1); }
  cuda::Queue queue() const { return {stream_.get()}; }
  cuda::Numbers<scalar> numbers() const { return {parameters_.data(), statistics_.data(), scratch_.data()}; }
  const scalar* run(const scalar* images, int batch) {
    const auto n = static_cast<std::size_t>(batch);
    std::copy_n(images, n * inputs, predictor_.host_input(n));
    const scalar* out = predictor_.run_from_host(n, numbers(), queue());
    stream_.synchronize("a deployed network");
    return out;
  }

  cuda::Stream stream_;
  cuda::DeviceBuffer<scalar> parameters_, statistics_, scratch_;
  cuda::Predictor<B> predictor_;
  bool loaded_ = false;
};

}  // namespace ctnet
