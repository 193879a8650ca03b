// SPDX-License-Identifier: MIT
// Memory of the device and pinned memory of the host: one block each, zeroed, grown but never shrunk. Out of memory is
// an Error that says how much was wanted, for what, and how much there was.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>

#include "check.cuh"

namespace ctnet::cuda {

struct Bytes {
  char words[32];
  explicit Bytes(std::size_t n) {
    constexpr const char* unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double v = static_cast<double>(n);
    int u = 0;
    while (v >= 1024 && u < 4) v /= 1024, ++u;
    std::snprintf(words, sizeof words, u == 0 ? "%.0f %s" : "%.1f %s", v, unit[u]);
  }
};

[[noreturn, gnu::cold]] inline void fail_memory(std::size_t bytes, const char* purpose, bool device) {
  static_cast<void>(cudaGetLastError());
  std::size_t available = 0, total = 0;
  if (device && cudaMemGetInfo(&available, &total) == cudaSuccess)
    fail("CUDA: out of memory: ", Bytes(bytes).words, " wanted for ", purpose, ", ", Bytes(available).words, " of ",
         Bytes(total).words, " free");
  fail("CUDA: out of memory: ", Bytes(bytes).words, device ? " of the device" : " of pinned host memory",
       " wanted for ", purpose);
}

// n elements of T in the device's memory, from its stream-ordered pool.
template <class T>
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(DeviceBuffer&& b) noexcept { swap(b); }
  DeviceBuffer& operator=(DeviceBuffer&& b) noexcept {
    swap(b);
    return *this;
  }
  ~DeviceBuffer() {
    if (data_) static_cast<void>(release());
  }

  // At least n elements from now on; contents are lost (and zero) when it had fewer. True where the address changed.
  // Waits for the device: not within a step.
  bool grow(std::size_t n, const char* purpose) {
    if (n <= size_) return false;
    if (data_) {
      CTNET_CUDA(release(), purpose);
      data_ = nullptr;
      size_ = 0;
    }
    void* fresh = nullptr;
    cudaError_t status = cudaMallocAsync(&fresh, n * sizeof(T), nullptr);
    if (status == cudaErrorNotSupported) status = cudaMalloc(&fresh, n * sizeof(T));  // devices without pools
    if (status == cudaErrorMemoryAllocation) fail_memory(n * sizeof(T), purpose, true);
    CTNET_CUDA(status, purpose);
    data_ = static_cast<T*>(fresh);
    size_ = n;
    CTNET_CUDA(cudaMemsetAsync(data_, 0, n * sizeof(T), nullptr), purpose);
    CTNET_CUDA(cudaStreamSynchronize(nullptr), purpose);
    return true;
  }
  T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  // cudaFree does not wait for work on a pool's memory.
  cudaError_t release() noexcept {
    const cudaError_t status = cudaDeviceSynchronize();
    const cudaError_t freed = cudaFree(data_);
    return status != cudaSuccess ? status : freed;
  }
  void swap(DeviceBuffer& b) noexcept {
    std::swap(data_, b.data_);
    std::swap(size_, b.size_);
  }
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// n elements of T in host memory that the device copies from and to in the background.
template <class T>
class PinnedBuffer {
 public:
  PinnedBuffer() = default;
  PinnedBuffer(PinnedBuffer&& b) noexcept { swap(b); }
  PinnedBuffer& operator=(PinnedBuffer&& b) noexcept {
    swap(b);
    return *this;
  }
  ~PinnedBuffer() {
    if (data_) static_cast<void>(cudaFreeHost(data_));
  }

  bool grow(std::size_t n, const char* purpose) {
    if (n <= size_) return false;
    if (data_) {
      CTNET_CUDA(cudaFreeHost(data_), purpose);
      data_ = nullptr;
      size_ = 0;
    }
    void* fresh = nullptr;
    const cudaError_t status = cudaMallocHost(&fresh, n * sizeof(T));
    if (status == cudaErrorMemoryAllocation) fail_memory(n * sizeof(T), purpose, false);
    CTNET_CUDA(status, purpose);
    data_ = static_cast<T*>(fresh);
    size_ = n;
    std::memset(fresh, 0, n * sizeof(T));
    return true;
  }
  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_[i]; }

 private:
  void swap(PinnedBuffer& b) noexcept {
    std::swap(data_, b.data_);
    std::swap(size_, b.size_);
  }
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

template <class T>
void copy_async(const Queue& q, T* to, const T* from, std::size_t n, cudaMemcpyKind kind, const char* purpose) {
  if (n > 0) CTNET_CUDA(cudaMemcpyAsync(to, from, n * sizeof(T), kind, q.stream), purpose);
}
template <class T>
void to_device(const Queue& q, T* to, const T* from, std::size_t n, const char* purpose) {
  copy_async(q, to, from, n, cudaMemcpyHostToDevice, purpose);
}
template <class T>
void to_host(const Queue& q, T* to, const T* from, std::size_t n, const char* purpose) {
  copy_async(q, to, from, n, cudaMemcpyDeviceToHost, purpose);
}
template <class T>
void within_device(const Queue& q, T* to, const T* from, std::size_t n, const char* purpose) {
  copy_async(q, to, from, n, cudaMemcpyDeviceToDevice, purpose);
}

}  // namespace ctnet::cuda
