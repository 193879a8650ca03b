// SPDX-License-Identifier: MIT
// What every loss on the GPU shares: the scratch that its blocks leave their parts in, and how those become a result.
#pragma once

#include <cstdint>
#include <vector>

#include "../backends/cuda/launch.cuh"
#include "../backends/cuda/memory.cuh"
#include "../backends/cuda/reduce.cuh"
#include "../backends/cuda/step_result.hpp"

namespace ctnet::cuda {

inline constexpr i64 most_loss_blocks = 4 * 132;  // enough to fill a large GPU; they go on with what is left

// One number of each block, 8 bytes, and a count of the blocks that are done (0 between launches).
struct LossParts {
  double* value = nullptr;
  unsigned long long* hits = nullptr;  // rows that count << 32 | rows that are right
  double* weight = nullptr;
  unsigned* ticket = nullptr;
  StepResult* result = nullptr;
};
inline constexpr i64 loss_parts_bytes = 3 * 8 * most_loss_blocks;

// In elements of T, with room to begin at a multiple of 8 bytes.
template <class T>
constexpr i64 loss_scratch() {
  return ceil_div(loss_parts_bytes + 8, static_cast<i64>(sizeof(T)));
}
template <class T>
LossParts loss_parts(T* scratch, unsigned* ticket, StepResult* result) {
  const auto address = reinterpret_cast<std::uintptr_t>(scratch);
  auto* const at = reinterpret_cast<double*>((address + 7) / 8 * 8);
  return {at, reinterpret_cast<unsigned long long*>(at + most_loss_blocks), at + 2 * most_loss_blocks, ticket, result};
}

// The blocks that make a loss, and which this one is.
struct LossBlocks {
  unsigned block, blocks;
};
__device__ inline LossBlocks loss_grid() { return {blockIdx.x, gridDim.x}; }

// The end of every loss: `value` and `hits` of all threads become the result's, the value divided by `whole`. weight:
// what that is a mean over.
__device__ inline void finish_loss(const LossParts& parts, const LossBlocks& at, double value, unsigned long long hits,
                                   double whole, double weight) {
  value = block_sum(value);
  hits = block_sum(hits);
  if (threadIdx.x == 0) {
    parts.value[at.block] = value;
    parts.hits[at.block] = hits;
  }
  if (!last_block(parts.ticket, at.blocks)) return;
  value = sum_of_parts(parts.value, at.blocks);
  hits = sum_of_parts(parts.hits, at.blocks);
  if (threadIdx.x != 0) return;
  *parts.result = {value / whole, weight, static_cast<int>(hits >> 32), static_cast<int>(hits & 0xFFFFFFFFu), 0};
}

// Options in the device's memory: a few numbers, there for good.
class LossNumbers {
 public:
  explicit LossNumbers(const std::vector<float>& numbers) {
    numbers_.grow(numbers.size(), "a loss's weights");
    to_device({}, numbers_.data(), numbers.data(), numbers.size(), "a loss's weights");
    CTNET_CUDA(cudaStreamSynchronize(nullptr), "a loss's weights");
  }
  const float* data() const { return numbers_.data(); }
  int size() const { return static_cast<int>(numbers_.size()); }

 private:
  DeviceBuffer<float> numbers_;
};
class LossTicket {
 public:
  LossTicket() { ticket_.grow(1, "a loss's count of blocks"); }
  unsigned* data() const { return ticket_.data(); }

 private:
  DeviceBuffer<unsigned> ticket_;
};

}  // namespace ctnet::cuda
