// SPDX-License-Identifier: MIT
// A kernel that stays on the GPU while it goes through a table of phases; between those that depend on each other all
// its blocks meet. All blocks are on the GPU at the same time (a cooperative launch).
//
// What a step takes: the sum over levels of the longest phase of each and of one meeting, about 1 us with 132 blocks
// (an atomic addition of each block to the same word in L2, and a poll of about 0.7 us until the last one's is seen);
// more blocks take longer to meet. A graph of kernels pays 2 to 3 us for each of its kernels instead, but its kernels
// are each cut for their own work; so the one kernel is ahead where phases take about as long as meetings. The words of
// the phase that comes next are on their way while a phase is at work.
#pragma once

#include "../../backends/cuda/phase.cuh"

namespace ctnet::cuda {

// What a phase's words begin with. `meet`: all blocks first. Blocks first, first + 1, ... (round the grid) are at work.
struct PhaseHead {
  int kind, meet, first, blocks;
};
struct alignas(16) PhaseRoom {
  unsigned words[crew_threads];
};

// Block 0 adds what the others leave missing to 2^31: so bit 31 changes when the last has come, and all else is as
// before.
__device__ inline void meet(unsigned* door) {
  constexpr unsigned all = 0x80000000u;
  sync_block();
  if (threadIdx.x == 0 && gridDim.x > 1) {
    fence();
    const unsigned before = atomic_add(door, blockIdx.x == 0 ? all - (gridDim.x - 1) : 1u);
    while (((before ^ load_acquire(door)) & all) == 0) {
    }
    fence();
  }
  sync_block();
}

template <class P>
__device__ bool run_phase(const unsigned* words, const Crew& crew) {
  (*reinterpret_cast<const P*>(words))(crew);
  return true;
}
template <class... P>
__device__ void run_phases(PhaseTypes<P...>, int kind, const unsigned* words, const Crew& crew) {
  int k = 0;
  static_cast<void>(((kind == k++ && run_phase<P>(words, crew)) || ...));
}

// table: `phases` times `row` words.
template <class Types>
__global__ void __launch_bounds__(crew_threads, 2)
    persistent_kernel(const unsigned* table, int row, int phases, unsigned* door) {
  PhaseRoom& room = shared<PhaseRoom>();
  const int thread = static_cast<int>(threadIdx.x), grid = static_cast<int>(gridDim.x);
  unsigned next = thread < row ? table[thread] : 0;
  for (int i = 0; i < phases; ++i) {
    sync_block();  // the phase before may still be being read
    room.words[thread] = next;
    sync_block();
    if (i + 1 < phases && thread < row) next = table[(i + 1) * row + thread];
    const PhaseHead head = *reinterpret_cast<const PhaseHead*>(room.words);
    if (head.meet) meet(door);
    int block = static_cast<int>(blockIdx.x) - head.first;
    if (block < 0) block += grid;
    if (block < head.blocks)
      run_phases(Types{}, head.kind, room.words + sizeof(PhaseHead) / sizeof(unsigned), {block, head.blocks, thread});
  }
}

}  // namespace ctnet::cuda
