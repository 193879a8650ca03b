// SPDX-License-Identifier: MIT
// What an Optimizer needs of a network, and no more: a weight (5, 6), its running mean and a bias (7).
#pragma once

#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/core/state.hpp>

#include <span>
#include <vector>

namespace mock {

template <class T>
struct Network {
  using scalar = T;
  using backend = ctnet::Cpu<T>;
  static constexpr std::size_t size = 37;

  std::vector<T> p, g = std::vector<T>(size);
  int cleared = 0;

  explicit Network(std::vector<T> start = std::vector<T>(size, T{1})) : p(std::move(start)) {}
  std::span<T> parameters() { return p; }
  std::span<T> gradients() { return g; }
  void zero_grad() { ++cleared; }
  static std::span<const ctnet::TensorPlace> tensors() {
    using ctnet::Init, ctnet::TensorRole;
    static constexpr ctnet::TensorPlace places[] = {{{TensorRole::weight, 2, {5, 6}, Init::ones, 0, true}, 0, 0},
                                                    {{TensorRole::running_mean, 1, {5}, Init::ones, 0, false}, 1, 0},
                                                    {{TensorRole::bias, 1, {7}, Init::ones, 0, false}, 1, 30}};
    return places;
  }
};

}  // namespace mock
