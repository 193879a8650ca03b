// SPDX-License-Identifier: MIT
// A few numbers that the host changes from step to step and kernels read from the device's memory, so that captured
// work need not change with them.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "memory.cuh"
#include "stream.cuh"

namespace ctnet::cuda {

// n objects of T, a plain struct with ==. Write to host(), then send(): work queued from then on reads them on the
// device, work queued before reads what was sent before.
template <class T>
class Staged {
 public:
  Staged(std::size_t n, const char* purpose) : purpose_(purpose), host_(n), sent_(n) {
    device_.grow(n, purpose);
    slots_.grow(n * events_.size(), purpose);
  }
  std::span<T> host() { return host_; }
  const T* device() const { return device_.data(); }
  std::size_t size() const { return host_.size(); }

  // Queues a copy where there is anything new. Waits only when all slots are on their way. Not while capturing.
  void send(const Queue& queue) {
    if (any_sent_ && host_ == sent_) return;
    const Event& event = events_[next_];
    event.synchronize(purpose_);
    T* slot = slots_.data() + next_ * host_.size();
    std::copy(host_.begin(), host_.end(), slot);
    to_device(queue, device_.data(), slot, host_.size(), purpose_);
    event.record(queue.stream);
    next_ = (next_ + 1) % events_.size();
    sent_ = host_;
    any_sent_ = true;
  }

 private:
  const char* purpose_;
  std::vector<T> host_, sent_;
  DeviceBuffer<T> device_;
  PinnedBuffer<T> slots_;  // one for each event, which says that its copy is done
  std::array<Event, 8> events_;
  std::size_t next_ = 0;
  bool any_sent_ = false;
};

}  // namespace ctnet::cuda
