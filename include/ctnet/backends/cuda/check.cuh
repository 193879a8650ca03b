// SPDX-License-Identifier: MIT
// Every call of the CUDA runtime goes through check: what fails is an Error that names the call, what it was for, and
// where. A queue is a stream together with the words for that.
#pragma once

#include <cuda_runtime.h>

#include "../../core/error.hpp"

namespace ctnet::cuda {

class PhaseList;

// Where work is queued, and on whose behalf.
struct Queue {
  cudaStream_t stream = nullptr;
  const char* phase = "";     // "forward", "backward", ...
  int leaf = -1;              // the layer at work, counted from 0
  PhaseList* list = nullptr;  // of a PhaseQueue
};
// One whose work is written down instead, as phases of one kernel; see <ctnet/persistent.hpp>.
struct PhaseQueue : Queue {};

[[noreturn, gnu::cold]] inline void fail_call(cudaError_t status, const char* call, const char* purpose,
                                              const char* file, int line, const Queue& queue = {}) {
  const char* slash = file;
  for (const char* c = file; *c; ++c)
    if (*c == '/') slash = c + 1;
  static_cast<void>(cudaGetLastError());  // so that the next call does not report it again
  if (queue.leaf >= 0)
    fail("CUDA: ", call, " for ", purpose, " (layer ", queue.leaf, ", ", queue.phase, ") at ", slash, ":", line, ": ",
         cudaGetErrorName(status), ", ", cudaGetErrorString(status));
  fail("CUDA: ", call, " for ", purpose, " at ", slash, ":", line, ": ", cudaGetErrorName(status), ", ",
       cudaGetErrorString(status));
}

}  // namespace ctnet::cuda

// CTNET_CUDA(cudaCall(...), "the arena"): throws Error unless it succeeds.
#define CTNET_CUDA(call, purpose)                                                 \
  do {                                                                            \
    const cudaError_t ctnet_status = (call);                                      \
    if (ctnet_status != cudaSuccess) [[unlikely]]                                 \
      ::ctnet::cuda::fail_call(ctnet_status, #call, purpose, __FILE__, __LINE__); \
  } while (false)
