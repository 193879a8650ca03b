// SPDX-License-Identifier: MIT
// The one place from which kernels are launched.
#pragma once

#include <type_traits>

#include "../../core/shape.hpp"
#include "check.cuh"
#include "device.cuh"

namespace ctnet::cuda {

struct Grid {
  dim3 blocks{1}, threads{1};
  std::size_t shared = 0;    // dynamic shared memory, bytes
  bool cooperative = false;  // all blocks run at the same time
};

constexpr i64 ceil_div(i64 a, i64 b) { return (a + b - 1) / b; }
constexpr unsigned blocks_for(i64 items, int per_block) { return static_cast<unsigned>(ceil_div(items, per_block)); }

// Queues kernel(arguments...); `name` is for errors. A grid of no blocks is no work.
template <class... P, class... A>
void launch(const Queue& queue, const char* name, void (*kernel)(P...), const Grid& grid, A... arguments) {
  static_assert(sizeof...(P) == sizeof...(A));
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return;
  cudaError_t status = cudaSuccess;
  if (grid.shared > 48 * 1024)
    status = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(grid.shared));
  if (status == cudaSuccess) {
#ifdef __CUDACC__
    cudaLaunchConfig_t config{};
    config.gridDim = grid.blocks;
    config.blockDim = grid.threads;
    config.dynamicSmemBytes = grid.shared;
    config.stream = queue.stream;
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
    config.attrs = &attribute;
    config.numAttrs = grid.cooperative ? 1 : 0;
    status = cudaLaunchKernelEx(&config, kernel, static_cast<P>(arguments)...);
#else
    status = ::ctnet_device::launch(kernel, grid.blocks, grid.threads, grid.shared, queue.stream, grid.cooperative,
                                    name, static_cast<P>(arguments)...);
#endif
  }
  if (status != cudaSuccess) [[unlikely]]
    fail_call(status, "launch", name, __FILE__, __LINE__, queue);
}

// f(i) for every i from 0 to n - 1, neighbours by neighbours. F: a trivial struct with __device__ operator().
template <class F>
__global__ void each_kernel(F f, i64 n) {
  const i64 stride = i64{gridDim.x} * blockDim.x;
  for (i64 i = i64{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride) f(i);
}
template <class F>
void each(const Queue& queue, const char* name, i64 n, F f) {
  constexpr int threads = 256;
  constexpr i64 most_blocks = 132 * 16;  // enough to fill a large GPU; more only start and end
  const i64 blocks = ceil_div(n, threads);
  launch(queue, name, &each_kernel<F>,
         Grid{static_cast<unsigned>(blocks < most_blocks ? blocks : most_blocks), threads}, f, n);
}

}  // namespace ctnet::cuda
