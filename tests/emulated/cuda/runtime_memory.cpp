// SPDX-License-Identifier: MIT
// cudaMalloc and its like, cudaMemcpy and its like.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "control.hpp"
#include "memory.hpp"
#include "runtime.hpp"

struct CUmemPoolHandle_st {};

namespace ctnet_device {
namespace {

std::map<std::uintptr_t, std::size_t> pinned_memory;  // by start
std::set<cudaMemPool_t> pools;
std::set<void*> of_pools;  // memory that cudaMallocAsync and its like gave
std::size_t made = 0, calls = 0;

CUmemPoolHandle_st* default_pool() {
  static CUmemPoolHandle_st pool;
  return &pool;
}

cudaError_t make_device(void** p, std::size_t bytes) {
  ++calls;
  if (!p) return cudaErrorInvalidValue;
  *p = nullptr;
  if (bytes == 0) return cudaSuccess;
  *p = allocate_device(bytes);
  if (!*p) return cudaErrorMemoryAllocation;
  ++made;
  return cudaSuccess;
}

cudaError_t make_of_pool(void** p, std::size_t bytes, cudaStream_t stream) {
  if (capturing(stream)) return cudaErrorStreamCaptureUnsupported;
  const cudaError_t error = make_device(p, bytes);
  if (error == cudaSuccess && *p) of_pools.insert(*p);
  return error;
}

cudaError_t make_pinned(void** p, std::size_t bytes) {
  ++calls;
  if (!p) return cudaErrorInvalidValue;
  if (const cudaError_t error = outside_captures()) return error;
  *p = nullptr;
  if (bytes == 0) return cudaSuccess;
  *p = std::aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
  if (!*p) return cudaErrorMemoryAllocation;
  std::memset(*p, 0xFF, bytes);
  pinned_memory[reinterpret_cast<std::uintptr_t>(*p)] = bytes;
  ++made;
  return cudaSuccess;
}

// Whether so many bytes may be there, by what the kind says of the place.
bool fits(const void* p, std::size_t bytes, bool device, bool any) {
  const Place at = place(p, bytes);
  return at != Place::outside && (any || (at == Place::device) == device);
}

struct Copy2D {
  unsigned char* to;
  std::size_t to_pitch;
  const unsigned char* from;
  std::size_t from_pitch, width, height;

  void operator()() const {
    if (width == 0) return;
    for (std::size_t y = 0; y < height; ++y) std::memmove(to + y * to_pitch, from + y * from_pitch, width);
  }
  std::size_t to_bytes() const { return height ? (height - 1) * to_pitch + width : 0; }
  std::size_t from_bytes() const { return height ? (height - 1) * from_pitch + width : 0; }
};

cudaError_t copy(const Copy2D& c, cudaMemcpyKind kind, cudaStream_t stream, bool waits) {
  if (c.width == 0 || c.height == 0) return cudaSuccess;
  if (c.width > c.to_pitch || c.width > c.from_pitch) return cudaErrorInvalidPitchValue;
  const bool any = kind == cudaMemcpyDefault;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  if (!c.to || !c.from ||
      !fits(c.to, c.to_bytes(), kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice, any) ||
      !fits(c.from, c.from_bytes(), kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice, any))
    return cudaErrorInvalidValue;
  const bool to_device = place(c.to, 1) == Place::device, from_device = place(c.from, 1) == Place::device;
  if (waits)
    if (const cudaError_t error = outside_captures()) return error;
  Work work{cudaGraphNodeTypeMemcpy, "a copy", c};
  if (!waits && !from_device && !capturing(stream) && !pinned(c.from, c.from_bytes())) {
    // Pageable memory is read before the call returns.
    const auto staged = std::make_shared<std::vector<unsigned char>>(c.width * c.height);
    Copy2D now = c, later = c;
    now.to = staged->data();
    later.from = staged->data();
    now.to_pitch = later.from_pitch = c.width;
    now();
    work.run = [staged, later] { later(); };
  }
  if (const cudaError_t error = enqueue(stream, std::move(work))) return error;
  // Copies within the device do not wait even where the call is not asynchronous; those into pageable memory always do.
  const bool arrives = !to_device && !capturing(stream) && !pinned(c.to, c.to_bytes());
  return (waits && !(to_device && from_device)) || arrives ? run_stream(stream) : cudaSuccess;
}

cudaError_t fill(void* p, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!p || place(p, bytes) != Place::device) return cudaErrorInvalidValue;
  return enqueue(stream, {cudaGraphNodeTypeMemset, "a memset", [=] { std::memset(p, value, bytes); }});
}

Copy2D linear(void* to, const void* from, std::size_t bytes) {
  return {static_cast<unsigned char*>(to), bytes, static_cast<const unsigned char*>(from), bytes, bytes, 1};
}

}  // namespace

bool pinned(const void* p, std::size_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const auto after = pinned_memory.upper_bound(at);
  if (after == pinned_memory.begin()) return false;
  const auto& [start, size] = *std::prev(after);
  return at + bytes <= start + size;
}

std::size_t allocations() { return made; }
std::size_t memory_calls() { return calls; }

std::string leaks() {
  const std::lock_guard lock(mutex());
  std::string all = memory_leaks();
  for (const auto& [at, bytes] : pinned_memory) all += "pinned memory of " + std::to_string(bytes) + " bytes\n";
  for (std::size_t i = 0; i < pools.size(); ++i) all += "a memory pool\n";
  return all + stream_leaks() + graph_leaks();
}

}  // namespace ctnet_device

using namespace ctnet_device;

extern "C" {

cudaError_t cudaMalloc(void** p, size_t bytes) {
  return called(__func__, [&]() -> cudaError_t {
    if (const cudaError_t error = outside_captures()) return error;
    return make_device(p, bytes);
  });
}
cudaError_t cudaMallocAsync(void** p, size_t bytes, cudaStream_t stream) {
  return called(__func__, [&] { return make_of_pool(p, bytes, stream); });
}
cudaError_t cudaMallocFromPoolAsync(void** p, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return called(__func__, [&]() -> cudaError_t {
    if (pool != default_pool() && !pools.count(pool)) return cudaErrorInvalidValue;
    return make_of_pool(p, bytes, stream);
  });
}
cudaError_t cudaFree(void* p) {
  return called(__func__, [&]() -> cudaError_t {
    ++calls;
    if (!p) return cudaSuccess;
    if (const cudaError_t error = outside_captures()) return error;
    // Memory of a pool goes at once, whatever work on it is under way: "no implicit synchronization" (CUDA 13's
    // cuda_runtime_api.h at cudaFree).
    if (of_pools.erase(p) == 0) run_everything();
    return free_device(p) ? cudaSuccess : cudaErrorInvalidValue;
  });
}
cudaError_t cudaFreeAsync(void* p, cudaStream_t stream) {
  return called(__func__, [&]() -> cudaError_t {
    ++calls;
    if (!p) return cudaSuccess;
    if (place(p, 1) != Place::device) return cudaErrorInvalidValue;
    if (capturing(stream)) return cudaErrorStreamCaptureUnsupported;
    return enqueue(stream, {cudaGraphNodeTypeMemFree, "cudaFreeAsync", [p] {
                              of_pools.erase(p);
                              free_device(p);
                            }});
  });
}
cudaError_t cudaMallocHost(void** p, size_t bytes) {
  return called(__func__, [&] { return make_pinned(p, bytes); });
}
cudaError_t cudaHostAlloc(void** p, size_t bytes, unsigned) {
  return called(__func__, [&] { return make_pinned(p, bytes); });
}
cudaError_t cudaFreeHost(void* p) {
  return called(__func__, [&]() -> cudaError_t {
    ++calls;
    if (!p) return cudaSuccess;
    if (const cudaError_t error = outside_captures()) return error;
    run_everything();
    if (!pinned_memory.erase(reinterpret_cast<std::uintptr_t>(p))) return cudaErrorInvalidValue;
    std::free(p);
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return called(__func__, [&] { return copy(linear(to, from, bytes), kind, nullptr, true); });
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return called(__func__, [&] { return copy(linear(to, from, bytes), kind, stream, false); });
}
cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return called(__func__, [&] {
    return copy(
        {static_cast<unsigned char*>(to), to_pitch, static_cast<const unsigned char*>(from), from_pitch, width, height},
        kind, stream, false);
  });
}
cudaError_t cudaMemset(void* p, int value, size_t bytes) {
  return called(__func__, [&]() -> cudaError_t {
    if (const cudaError_t error = outside_captures()) return error;
    return fill(p, value, bytes, nullptr);
  });
}
cudaError_t cudaMemsetAsync(void* p, int value, size_t bytes, cudaStream_t stream) {
  return called(__func__, [&] { return fill(p, value, bytes, stream); });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  return called(__func__, [&] { return *pool = default_pool(), cudaSuccess; });
}
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int) {
  return called(__func__, [&] { return *pool = default_pool(), cudaSuccess; });
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return called(__func__, [] { return cudaSuccess; });
}
cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  return called(__func__, [&] { return pools.insert(*pool = new CUmemPoolHandle_st), cudaSuccess; });
}
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return called(__func__, [&]() -> cudaError_t {
    if (!pools.erase(pool)) return cudaErrorInvalidValue;
    delete pool;
    return cudaSuccess;
  });
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) {
  return called(__func__, [] { return cudaSuccess; });
}
cudaError_t cudaMemGetInfo(size_t* unused, size_t* all) {
  return called(__func__, [&] {
    *all = memory_limit();
    *unused = *all > allocated_bytes() ? *all - allocated_bytes() : 0;
    return cudaSuccess;
  });
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* p) {
  return called(__func__, [&] {
    *attributes = {};
    const bool device = place(p, 1) == Place::device, host = pinned(p, 1);
    attributes->type = device ? cudaMemoryTypeDevice : host ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    attributes->device = device || host ? 0 : -2;
    if (device || host) attributes->devicePointer = const_cast<void*>(p);
    if (host) attributes->hostPointer = const_cast<void*>(p);
    return cudaSuccess;
  });
}

}  // extern "C"
