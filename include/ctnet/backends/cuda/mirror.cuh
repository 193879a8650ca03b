// SPDX-License-Identifier: MIT
// The host's copy of a buffer in the device's memory, for those who read and write numbers there: parameters, state.
#pragma once

#include <span>
#include <vector>

#include "memory.cuh"

namespace ctnet::cuda {

// Who uses the device's buffer calls flush first. In between the host's copy counts: what its holder wrote is not lost
// by asking for it again.
template <class T>
class Mirror {
 public:
  // n numbers of the device as a span to read and to write, good until the next flush. Waits for the queue.
  std::span<T> read_write(const Queue& queue, T* device, std::size_t n) {
    read(queue, device, n);
    dirty_ = true;
    return copy_;
  }
  // The same to read only: nothing goes back to the device.
  std::span<const T> read(const Queue& queue, const T* device, std::size_t n) {
    if (dirty_ && copy_.size() == n) return copy_;
    copy_.resize(n);
    to_host(queue, copy_.data(), device, n, "a copy for the host");
    CTNET_CUDA(cudaStreamSynchronize(queue.stream), "a copy for the host");
    return copy_;
  }
  // What the host's holder may have written goes to the device. Waits for the queue where there is any; else it costs
  // nothing, and may be called while work is being captured.
  void flush(const Queue& queue, T* device) {
    if (!dirty_) return;
    to_device(queue, device, copy_.data(), copy_.size(), "numbers written by the host");
    CTNET_CUDA(cudaStreamSynchronize(queue.stream), "numbers written by the host");
    dirty_ = false;
  }
  bool dirty() const { return dirty_; }
  const T* data() const { return copy_.data(); }
  std::size_t size() const { return copy_.size(); }
  // The device's numbers are new altogether: what the host's holder wrote does not matter any more.
  void drop() { dirty_ = false; }

 private:
  std::vector<T> copy_;
  bool dirty_ = false;
};

}  // namespace ctnet::cuda
