// SPDX-License-Identifier: MIT
// The emulated device's properties and limits, kernels' starts, and errors.
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "emulation.hpp"
#include "memory.hpp"
#include "runtime.hpp"
#include "scheduler.hpp"

namespace ctnet_device {
namespace {

constexpr int multiprocessors = 4, blocks_each = 2, most_threads = 1024;
constexpr std::size_t plain_shared = 48 * 1024, most_shared = 227 * 1024, shared_each = 228 * 1024;

struct Failure {
  cudaError_t error;
  unsigned skip;
};
std::map<std::string, Failure>& failures() {
  static std::map<std::string, Failure> all;
  return all;
}
std::map<const void*, std::size_t>& allowed_shared() {  // by kernel
  static std::map<const void*, std::size_t> all;
  return all;
}
thread_local cudaError_t last_error = cudaSuccess;
std::size_t launched = 0;

int resident_blocks(std::size_t threads, std::size_t dynamic) {
  if (threads == 0 || threads > most_threads || dynamic > most_shared) return 0;
  return dynamic + 1024 <= shared_each / blocks_each ? blocks_each : 1;
}

cudaError_t check(const Launch& l) {
  const auto [gx, gy, gz] = l.grid;
  const auto [bx, by, bz] = l.block;
  if (!l.kernel) return cudaErrorInvalidDeviceFunction;
  if (!gx || !gy || !gz || !bx || !by || !bz) return cudaErrorInvalidConfiguration;
  if (gx > 0x7FFFFFFFu || gy > 0xFFFFu || gz > 0xFFFFu || bx > 1024 || by > 1024 || bz > 64 ||
      std::size_t{bx} * by * bz > most_threads)
    return cudaErrorInvalidConfiguration;
  const auto allowed = allowed_shared().find(l.kernel);
  if (l.dynamic_shared > (allowed == allowed_shared().end() ? plain_shared : allowed->second))
    return cudaErrorInvalidValue;
  const int resident = resident_blocks(std::size_t{bx} * by * bz, l.dynamic_shared) * multiprocessors;
  if (l.cooperative && std::size_t{gx} * gy * gz > static_cast<std::size_t>(resident))
    return cudaErrorCooperativeLaunchTooLarge;
  return cudaSuccess;
}

int attribute(cudaDeviceAttr which) {
  switch (which) {
    case cudaDevAttrComputeCapabilityMajor:
      return 9;
    case cudaDevAttrComputeCapabilityMinor:
      return 0;
    case cudaDevAttrMultiProcessorCount:
      return multiprocessors;
    case cudaDevAttrWarpSize:
      return 32;
    case cudaDevAttrMaxThreadsPerBlock:
      return most_threads;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return 2048;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return blocks_each;
    case cudaDevAttrMaxBlockDimX:
      return 1024;
    case cudaDevAttrMaxBlockDimY:
      return 1024;
    case cudaDevAttrMaxBlockDimZ:
      return 64;
    case cudaDevAttrMaxGridDimX:
      return 0x7FFFFFFF;
    case cudaDevAttrMaxGridDimY:
      return 0xFFFF;
    case cudaDevAttrMaxGridDimZ:
      return 0xFFFF;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return static_cast<int>(plain_shared);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return static_cast<int>(most_shared);
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return static_cast<int>(shared_each);
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return 1024;
    case cudaDevAttrMaxRegistersPerBlock:
      return 65536;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      return 65536;
    case cudaDevAttrL2CacheSize:
      return 50 << 20;
    case cudaDevAttrClockRate:
      return 1'000'000;
    case cudaDevAttrMemoryClockRate:
      return 1'000'000;
    case cudaDevAttrGlobalMemoryBusWidth:
      return 4096;
    case cudaDevAttrAsyncEngineCount:
      return 2;
    case cudaDevAttrConcurrentKernels:
      return 1;
    case cudaDevAttrCooperativeLaunch:
      return 1;
    case cudaDevAttrUnifiedAddressing:
      return 1;
    case cudaDevAttrMemoryPoolsSupported:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

cudaError_t injected(const char* name) {
  const auto found = failures().find(name);
  if (found == failures().end() || found->second.skip-- > 0) return cudaSuccess;
  const cudaError_t error = found->second.error;
  failures().erase(found);
  return error;
}
void fail_next(const char* function, cudaError_t error, unsigned skip) {
  const std::lock_guard lock(mutex());
  failures()[function] = {error, skip};
}
void remember(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
}
std::size_t launches() { return launched; }

cudaError_t enqueue(const Launch& launch, std::function<void()> thread, cudaStream_t stream) {
  return called("cudaLaunchKernel", [&]() -> cudaError_t {
    if (const cudaError_t error = check(launch)) return error;
    const auto name = std::make_shared<const std::string>(launch.name ? launch.name : "?");
    return enqueue(stream, {cudaGraphNodeTypeKernel, "a kernel", [=, thread = std::move(thread)] {
                              Launch l = launch;
                              l.name = name->c_str();
                              ++launched;
                              run_grid(l, thread);
                            }});
  });
}

}  // namespace ctnet_device

using namespace ctnet_device;

extern "C" {

cudaError_t cudaGetDevice(int* device) {
  return called(__func__, [&] { return *device = 0, cudaSuccess; });
}
cudaError_t cudaSetDevice(int device) {
  return called(__func__, [&] { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; });
}
cudaError_t cudaGetDeviceCount(int* count) {
  return called(__func__, [&] { return *count = 1, cudaSuccess; });
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int device) {
  return called(__func__, [&]() -> cudaError_t {
    if (device != 0) return cudaErrorInvalidDevice;
    *value = attribute(which);
    return cudaSuccess;
  });
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  return called(__func__, [&]() -> cudaError_t {
    if (device != 0) return cudaErrorInvalidDevice;
    *p = {};
    std::strcpy(p->name, "emulated");
    p->totalGlobalMem = memory_limit();
    p->sharedMemPerBlock = plain_shared;
    p->sharedMemPerBlockOptin = most_shared;
    p->sharedMemPerMultiprocessor = shared_each;
    p->reservedSharedMemPerBlock = 1024;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->warpSize = 32;
    p->maxThreadsPerBlock = most_threads;
    p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = 0x7FFFFFFF;
    p->maxGridSize[1] = p->maxGridSize[2] = 0xFFFF;
    p->major = 9;
    p->multiProcessorCount = multiprocessors;
    p->maxThreadsPerMultiProcessor = 2048;
    p->maxBlocksPerMultiProcessor = blocks_each;
    p->l2CacheSize = 50 << 20;
    p->asyncEngineCount = 2;
    p->concurrentKernels = p->unifiedAddressing = p->memoryPoolsSupported = p->cooperativeLaunch = 1;
    return cudaSuccess;
  });
}
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute which, int value) {
  return called(__func__, [&]() -> cudaError_t {
    if (!kernel) return cudaErrorInvalidDeviceFunction;
    if (which != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || static_cast<std::size_t>(value) > most_shared) return cudaErrorInvalidValue;
    allowed_shared()[kernel] = std::max(plain_shared, static_cast<std::size_t>(value));
    return cudaSuccess;
  });
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* kernel, int threads,
                                                                   size_t dynamic, unsigned) {
  return called(__func__, [&]() -> cudaError_t {
    if (!kernel) return cudaErrorInvalidDeviceFunction;
    if (threads <= 0) return cudaErrorInvalidValue;
    *blocks = resident_blocks(static_cast<std::size_t>(threads), dynamic);
    return cudaSuccess;
  });
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel, int threads,
                                                          size_t dynamic) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, kernel, threads, dynamic, 0);
}
cudaError_t cudaDriverGetVersion(int* version) {
  return called(__func__, [&] { return *version = CUDART_VERSION, cudaSuccess; });
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  return called(__func__, [&] { return *version = CUDART_VERSION, cudaSuccess; });
}
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
cudaError_t cudaPeekAtLastError() { return last_error; }

}  // extern "C"
