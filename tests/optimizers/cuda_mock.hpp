// SPDX-License-Identifier: MIT
// What an Optimizer needs of a network, and no more, on the host and on a GPU: weights and biases in turn, from one
// number to some thousands, so that segments and blocks begin and end anywhere.
#pragma once

#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/backends/cuda/mirror.cuh>
#include <ctnet/core/state.hpp>
#include <ctnet/optimizers/cuda.cuh>

#include <array>
#include <span>
#include <vector>

namespace mock {

inline constexpr int sizes[] = {30, 7, 1, 3001, 5, 1023, 1, 1, 2048};
inline constexpr std::size_t count = std::size(sizes);
inline constexpr std::size_t parameters = [] {
  std::size_t n = 0;
  for (const int s : sizes) n += static_cast<std::size_t>(s);
  return n;
}();
inline constexpr std::array<ctnet::TensorPlace, count> places = [] {
  using ctnet::Init, ctnet::TensorRole;
  std::array<ctnet::TensorPlace, count> all{};
  int offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool weight = i % 2 == 0;
    all[i] = {{weight ? TensorRole::weight : TensorRole::bias, 1, {sizes[i]}, Init::ones, 0, weight},
              static_cast<int>(i / 2),
              offset};
    offset += sizes[i];
  }
  return all;
}();

template <class T>
class HostNetwork {
 public:
  using scalar = T;
  using backend = ctnet::Cpu<T>;

  std::span<T> parameters() { return p_; }
  std::span<T> gradients() { return g_; }
  void zero_grad() {}
  static std::span<const ctnet::TensorPlace> tensors() { return places; }

 private:
  std::vector<T> p_ = std::vector<T>(mock::parameters), g_ = p_;
};

template <class B>
class GpuNetwork {
 public:
  using scalar = typename B::scalar;
  using backend = B;

  class Engine {
   public:
    Engine() {
      p_.grow(mock::parameters, "parameters");
      g_.grow(mock::parameters, "gradients");
    }
    ctnet::cuda::Queue queue() const { return {stream_.get(), "", -1}; }
    scalar* device_parameters() const { return p_.data(); }
    scalar* device_gradients() const { return g_.data(); }
    void settle_gradients() {}
    void flush() {
      p_mirror_.flush(queue(), p_.data());
      g_mirror_.flush(queue(), g_.data());
    }
    std::span<scalar> parameters() { return p_mirror_.read_write(queue(), p_.data(), mock::parameters); }
    std::span<scalar> gradients() { return g_mirror_.read_write(queue(), g_.data(), mock::parameters); }

   private:
    ctnet::cuda::Stream stream_;
    ctnet::cuda::DeviceBuffer<scalar> p_, g_;
    ctnet::cuda::Mirror<scalar> p_mirror_, g_mirror_;
  };

  Engine& engine() { return engine_; }
  std::span<scalar> parameters() { return engine_.parameters(); }
  std::span<scalar> gradients() { return engine_.gradients(); }
  void zero_grad() {}
  static std::span<const ctnet::TensorPlace> tensors() { return places; }

 private:
  Engine engine_;
};

}  // namespace mock
