// SPDX-License-Identifier: MIT
// Memory in which a deployed network computes: one a thread, none of it on the heap.
#pragma once

#include <cstdint>

#include "../backends/cpu/denormals.hpp"
#include "../core/layout.hpp"
#include "run.hpp"
#include "weights.hpp"

namespace ctnet {

namespace deployment {
// What may hold one image and does not say by its type that it does; its length, where the type says one.
template <class X, class T, std::size_t Inputs>
concept ImageOf =
    std::is_convertible_v<const X&, Run<const T>> && !std::is_convertible_v<const X&, std::span<const T, Inputs>>;
template <class X>
inline constexpr std::size_t length_of = decltype(std::span(std::declval<const X&>()))::extent;
template <class X, std::size_t Inputs>
inline constexpr bool may_be_image = length_of<X> == std::dynamic_extent || length_of<X> == Inputs;
}  // namespace deployment

// Computes up to Capacity images a call with packed weights. Nothing allocates, throws or locks. Spans that it gives
// live until its next call, which may be given them as its images.
template <class Net, class Input, class B = Cpu<float>, int Capacity = 1>
class Context {
  enum : unsigned {
    checked = Checked<Net, Input>::size,
    kernels_checked = detail::CheckedKernels<Net, Input, typename deployment::PlainBackend<B>::type>::size
  };
  static_assert(Capacity >= 1, "Context: the capacity is the most images of a call, at least 1");
  static constexpr const auto& program = deployment::program_on<Net, Input, B>;
  static constexpr deployment::Room room =
      deployment::room_for(program.arena, deployment::kernels<Net, Input, B>.scratch, Capacity, cpu::has_threads<B>());

 public:
  using scalar = typename B::scalar;
  using Packed = Weights<Net, Input, B>;
  static constexpr std::size_t inputs = static_cast<std::size_t>(Input::shape.size());
  static constexpr std::size_t outputs = static_cast<std::size_t>(Analysis<Net, Input>::output.size());
  // Room for outputs that are the next call's images; none where they are fewer than an image.
  static constexpr std::size_t own_images =
      outputs * Capacity < inputs ? 0 : (outputs < inputs ? outputs : inputs) * Capacity;
  static constexpr std::size_t arena_bytes =
      sizeof(scalar) * (static_cast<std::size_t>(room.total()) + outputs * Capacity + own_images);
  static constexpr int capacity = Capacity;

  constexpr Context() noexcept : arena_{}, out_{}, own_{} {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // One image (C, H, W) -> its outputs. Weights that were never loaded are zeros.
  std::span<const scalar, outputs> operator()(const Packed& weights, std::span<const scalar, inputs> image) noexcept {
    run(weights, image.data(), 1);
    return std::span<const scalar, outputs>{out_, outputs};
  }
  // The same for a range whose length only the run knows (std::vector); empty where it is not one image's.
  template <class X>
    requires deployment::ImageOf<X, scalar, inputs>
  std::span<const scalar> operator()(const Packed& weights, const X& image) noexcept {
    static_assert(deployment::may_be_image<X, inputs>, "Context: an array of another length than an image has values");
    const Run<const scalar> values = image;
    if (values.size() != inputs) return {};
    return (*this)(weights, std::span<const scalar, inputs>{values});
  }
  // `batch` images (N, C, H, W) -> (N, outputs); empty where they are more than the capacity or than `images` holds.
  std::span<const scalar> operator()(const Packed& weights, Run<const scalar> images, int batch) noexcept {
    if (batch < 1 || batch > Capacity || images.size() < static_cast<std::size_t>(batch) * inputs) return {};
    run(weights, images.data(), batch);
    return {out_, static_cast<std::size_t>(batch) * outputs};
  }

 private:
  void run(const Packed& weights, const scalar* images, int batch) noexcept {
    [[maybe_unused]] const cpu::DenormalsOf<B> denormals;
    if constexpr (own_images > 0) images = apart_from_outputs(images, batch);
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

  // Stages read the images where they lie, while outputs are written: those that are outputs are copied.
  const scalar* apart_from_outputs(const scalar* images, int batch) noexcept {
    const std::size_t n = static_cast<std::size_t>(batch) * inputs;
    const auto at = reinterpret_cast<std::uintptr_t>(images), out = reinterpret_cast<std::uintptr_t>(out_);
    if (n > own_images || at < out || at - out >= sizeof out_) return images;
    for (std::size_t i = 0; i < n; ++i) own_[i] = images[i];
    return own_;
  }

  alignas(64) scalar arena_[static_cast<std::size_t>(room.total())];
  alignas(64) scalar out_[outputs * Capacity];
  scalar own_[own_images > 0 ? own_images : 1];
};

}  // namespace ctnet
