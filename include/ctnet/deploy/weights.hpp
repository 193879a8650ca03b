// SPDX-License-Identifier: MIT
// Weights of a deployed network, packed once for its kernels and read-only from then on, shared by any number of
// contexts and threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../backends/cpu/cpu.hpp"
#include "../core/layout.hpp"
#include "../program/analysis.hpp"
#include "pack.hpp"

namespace ctnet {

template <class Net, class Input, class B = Cpu<float>>
class Weights {
  enum : unsigned { checked = Checked<Net, Input>::size };
  static constexpr const auto& program = deployment::program_on<Net, Input, B>;

 public:
  using scalar = typename B::scalar;
  static constexpr i64 state_size = Analysis<Net, Input>::state_size;
  static constexpr std::size_t weight_bytes = sizeof(scalar) * static_cast<std::size_t>(program.weights + 16);

  // All zeros, so that a static object lies in .bss. As a local it may not fit on the stack: see make_deployed.
  constexpr Weights() noexcept : packed_{}, loaded_(0) {}
  Weights(const Weights&) = delete;
  Weights& operator=(const Weights&) = delete;

  // Takes a network's state: parameters and BatchNorm statistics in the order of the layers (Network::state()). False
  // where the size is wrong; then nothing has changed. No context may run meanwhile.
  [[nodiscard]] bool load(Run<const scalar> state) noexcept {
    if (static_cast<i64>(state.size()) != state_size) return false;
    static constexpr deployment::StatePlaces places{graph<Net, Input>};
    deployment::pack_state(
        deployment::Source{graph<Net, Input>.op, graph<Net, Input>.tensor, places.offset, graph<Net, Input>.tensors},
        program.stage, program.stages, program.map, deployment::precision_of<B>(), state.data(), packed_);
    loaded_ = 1;
    return true;
  }
  bool loaded() const noexcept { return loaded_ != 0; }
  const scalar* data() const noexcept { return packed_; }

 private:
  alignas(64) scalar packed_[static_cast<std::size_t>(program.weights) + 16];
  int loaded_;
};

}  // namespace ctnet
