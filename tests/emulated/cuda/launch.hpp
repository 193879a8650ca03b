// SPDX-License-Identifier: MIT
// How kernels start under emulation.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <type_traits>

namespace ctnet_device {

struct Launch {
  const void* kernel;
  const char* name;
  dim3 grid, block;
  std::size_t dynamic_shared;
  bool cooperative;
};

// Checks the limits as CUDA does and queues the kernel (or records it, where the stream is being captured).
cudaError_t enqueue(const Launch& launch, std::function<void()> thread, cudaStream_t stream);

template <class... P>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t dynamic_shared, cudaStream_t stream,
                   bool cooperative, const char* name, std::type_identity_t<P>... args) {
  return enqueue(
      {reinterpret_cast<const void*>(kernel), name, grid, block, dynamic_shared, cooperative},
      [kernel, args...] { kernel(args...); }, stream);
}

}  // namespace ctnet_device
