// SPDX-License-Identifier: MIT
// Memory in which a deployed network computes: one a thread, none of it on the heap.
#pragma once

#include "../backends/cpu/denormals.hpp"
#include "run.hpp"
#include "weights.hpp"

namespace ctnet {

// Computes up to Capacity images a call with packed weights. Nothing allocates, throws or locks. Spans that it gives
// live until its next call.
template <class Net, class Input, class B = Cpu<float>, int Capacity = 1>
class Context {
  enum : unsigned { checked = Checked<Net, Input>::size };
  static_assert(Capacity >= 1, "Context: the capacity is the most images of a call, at least 1");
  static constexpr const auto& program = deployment::program_on<Net, Input, B>;
  static constexpr deployment::Room room =
      deployment::room_for(program.arena, deployment::kernels<Net, Input, B>.scratch, Capacity, cpu::has_threads<B>());

 public:
  using scalar = typename B::scalar;
  using Packed = Weights<Net, Input, B>;
  static constexpr std::size_t inputs = static_cast<std::size_t>(Input::shape.size());
  static constexpr std::size_t outputs = static_cast<std::size_t>(Analysis<Net, Input>::output.size());
  static constexpr std::size_t arena_bytes =
      sizeof(scalar) * (static_cast<std::size_t>(room.total()) + outputs * Capacity);
  static constexpr int capacity = Capacity;

  constexpr Context() noexcept : arena_{}, out_{} {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // One image (C, H, W) -> its outputs. Weights that were never loaded are zeros.
  std::span<const scalar, outputs> operator()(const Packed& weights, std::span<const scalar, inputs> image) noexcept {
    run(weights, image.data(), 1);
    return std::span<const scalar, outputs>{out_, outputs};
  }
  // `batch` images (N, C, H, W) -> (N, outputs); empty where they are more than the capacity or than `images` holds.
  std::span<const scalar> operator()(const Packed& weights, std::span<const scalar> images, int batch) noexcept {
    if (batch < 1 || batch > Capacity || images.size() < static_cast<std::size_t>(batch) * inputs) return {};
    run(weights, images.data(), batch);
    return {out_, static_cast<std::size_t>(batch) * outputs};
  }

 private:
  void run(const Packed& weights, const scalar* images, int batch) noexcept {
    [[maybe_unused]] const cpu::DenormalsOf<B> denormals;
    const deployment::Call<scalar> call{program.stage,
                                        program.stages,
                                        program.map,
                                        deployment::kernels<Net, Input, B>.run,
                                        weights.data(),
                                        images,
                                        static_cast<i64>(inputs),
                                        out_,
                                        static_cast<i64>(outputs),
                                        arena_,
                                        room};
    deployment::run_batch(call, batch);
  }

  alignas(64) scalar arena_[static_cast<std::size_t>(room.total())];
  alignas(64) scalar out_[outputs * Capacity];
};

}  // namespace ctnet
