// SPDX-License-Identifier: MIT
// Sums over a grid in one launch: every block writes its part, the block that comes last adds them up. The parts are
// added in a fixed order, so that the result has the same bits whichever block that is.
#pragma once

#include "device.cuh"

namespace ctnet::cuda {

struct LastBlock {
  bool here;
};

// Whether this block of `blocks` is the last to come here; it then sees what the others wrote before. For all threads
// of all these blocks. ticket: 0 before, and again when the last has come.
__device__ inline bool last_block(unsigned* ticket, unsigned blocks) {
  LastBlock& last = shared<LastBlock>();
  sync_block();
  if (threadIdx.x == 0) {
    fence();
    last.here = blocks == 1 || atomic_add(ticket, 1) == blocks - 1;
    if (last.here && blocks > 1) *ticket = 0;
    fence();
  }
  sync_block();
  return last.here;
}

// What another block wrote: not from a cache of one's own.
template <class V>
__device__ V written_elsewhere(const V* p) {
  return *static_cast<const volatile V*>(p);
}

// The sum of n numbers that other blocks wrote, in all threads of a block (threads, 1, 1).
template <class V>
__device__ V sum_of_parts(const V* parts, unsigned n) {
  V v{};
  for (unsigned i = threadIdx.x; i < n; i += blockDim.x) v += written_elsewhere(parts + i);
  return block_sum(v);
}

}  // namespace ctnet::cuda
