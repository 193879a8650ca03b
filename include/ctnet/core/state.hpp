// SPDX-License-Identifier: MIT
// What a layer keeps between calls, as plain data: its tensors' roles, shapes and first values. Roles are PyTorch's
// names.
#pragma once

#include "shape.hpp"

namespace ctnet {

enum class TensorRole : unsigned char { weight, bias, running_mean, running_var };

constexpr const char* name(TensorRole r) {
  constexpr const char* names[] = {"weight", "bias", "running_mean", "running_var"};
  return names[static_cast<int>(r)];
}

enum class Init : unsigned char { zeros, ones, kaiming_uniform };

// One tensor of a layer. Statistics (running mean and variance) are no parameters: optimizers do not see them.
struct TensorSpec {
  TensorRole role{};
  int rank = 0;
  int dims[4] = {0, 0, 0, 0};
  Init init{};
  int fan_in = 0;      // kaiming_uniform draws from +-1 / sqrt(fan_in), as PyTorch's Conv and Linear do (a = sqrt(5))
  bool decays = true;  // false for biases and norms, for "no weight decay" groups

  constexpr i64 size() const {
    i64 n = 1;
    for (int i = 0; i < rank; ++i) n = product(n, dims[i]);
    return n;
  }
  constexpr bool parameter() const { return role == TensorRole::weight || role == TensorRole::bias; }
};

// All tensors of one layer, in PyTorch's order.
struct TensorSpecs {
  TensorSpec t[4]{};
  int count = 0;

  constexpr void add(const TensorSpec& s) { t[count++] = s; }
};

// Where a tensor of a network lies: an offset (in elements) into the parameter buffer, or into the statistics buffer.
struct TensorPlace {
  TensorSpec spec{};
  int leaf = 0;  // layer index
  i64 offset = 0;
};

}  // namespace ctnet
