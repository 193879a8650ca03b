// SPDX-License-Identifier: MIT
// What tests steer and ask of the emulated device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>

namespace ctnet_device {

// The order of the threads of a block, of the blocks of a grid and of the independent nodes of a graph. Results must
// not depend on it. The environment variable CTNET_EMULATED_ORDER=forward|backward|<seed> sets what it is at the start.
enum class Order { forward, backward, shuffled };
void set_order(Order order, unsigned seed = 0);

// Eager: work runs when it is queued. Otherwise (the default) when something waits for it.
void set_eager(bool eager);

// Allocations lie flush with the inaccessible page behind them (up to 255 bytes for alignment, which are watched), or
// with the one before them. Of allocations from now on.
enum class Flush { end, start };
void set_flush(Flush flush);

// Device memory is inaccessible to host code (default). Big memories are slow to open and close for every batch of
// work.
void set_host_traps(bool on);

void set_memory_limit(std::size_t bytes);  // of device memory; more is cudaErrorMemoryAllocation
std::size_t allocated_bytes();             // alive, device memory
std::size_t allocations();                 // calls so far that made device or pinned memory
std::size_t launches();                    // kernels run so far, those in graphs too
std::size_t memory_calls();                // calls so far of cudaMalloc*, cudaFree*, cudaHostAlloc

// Where kernels wrote into the bytes beside an allocation: a description, else "". Freeing looks too, and aborts.
std::string overruns();

// Allocations, streams, events and graphs that are alive: one line each, else "".
std::string leaks();

// The next call of this function of the runtime ("cudaMalloc"; a kernel's start: "cudaLaunchKernel"), after `skip` good
// ones, fails with this error and does nothing.
void fail_next(const char* function, cudaError_t error, unsigned skip = 0);

}  // namespace ctnet_device
