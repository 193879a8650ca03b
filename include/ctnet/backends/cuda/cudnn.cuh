// SPDX-License-Identifier: MIT
// What every use of cuDNN shares: checked calls, a handle for each host thread and device, descriptors that are
// destroyed by themselves. cuDNN makes its handle when it is first asked; so that this may happen while a stream is
// being captured, calls are made between Relaxed's begin and end.
#pragma once

#include <cudnn.h>

#include <memory>
#include <vector>

#include "check.cuh"

namespace ctnet::cuda::cudnn {

[[noreturn, gnu::cold]] inline void fail_call(cudnnStatus_t status, const char* call, const Queue& queue) {
  fail("cuDNN: ", call, " (layer ", queue.leaf, ", ", queue.phase, "): ", cudnnGetErrorString(status));
}
inline void check(cudnnStatus_t status, const char* call, const Queue& queue) {
  if (status != CUDNN_STATUS_SUCCESS) [[unlikely]]
    fail_call(status, call, queue);
}

// This thread may allocate although it captures.
class Relaxed {
 public:
  Relaxed() { CTNET_CUDA(cudaThreadExchangeStreamCaptureMode(&mode_), "cuDNN"); }
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;
  ~Relaxed() { static_cast<void>(cudaThreadExchangeStreamCaptureMode(&mode_)); }

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;  // then: what it was before
};

// cuDNN's descriptors and handle: D made by Make, destroyed by Destroy.
template <class D, cudnnStatus_t (*Make)(D*), cudnnStatus_t (*Destroy)(D)>
class Owned {
 public:
  explicit Owned(const Queue& queue) { check(Make(&d_), "create", queue); }
  Owned(Owned&& o) noexcept : d_(o.d_) { o.d_ = nullptr; }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (d_) static_cast<void>(Destroy(d_));
  }
  operator D() const { return d_; }

 private:
  D d_ = nullptr;
};
using Handle = Owned<cudnnHandle_t, &cudnnCreate, &cudnnDestroy>;
using Tensor = Owned<cudnnTensorDescriptor_t, &cudnnCreateTensorDescriptor, &cudnnDestroyTensorDescriptor>;
using Filter = Owned<cudnnFilterDescriptor_t, &cudnnCreateFilterDescriptor, &cudnnDestroyFilterDescriptor>;
using Convolution =
    Owned<cudnnConvolutionDescriptor_t, &cudnnCreateConvolutionDescriptor, &cudnnDestroyConvolutionDescriptor>;

// This thread's handle for the current device, that queues to queue.stream.
inline cudnnHandle_t handle(const Queue& queue) {
  struct OfDevice {
    int device;
    Handle handle;
  };
  static thread_local std::vector<OfDevice> handles;
  int device = 0;
  CTNET_CUDA(cudaGetDevice(&device), "cuDNN");
  const OfDevice* found = nullptr;
  for (const OfDevice& h : handles)
    if (h.device == device) found = &h;
  if (!found) found = &handles.emplace_back(OfDevice{device, Handle{queue}});
  check(cudnnSetStream(found->handle, queue.stream), "cudnnSetStream", queue);
  return found->handle;
}

}  // namespace ctnet::cuda::cudnn
