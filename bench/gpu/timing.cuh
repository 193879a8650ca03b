// SPDX-License-Identifier: MIT
// Time on the GPU, as peers.py takes it: stretches of calls between two events, or single calls that are awaited.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/worker.hpp"

namespace bench {

inline void succeeds(cudaError_t status, const char* what) {
  if (status != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(status));
}

struct Timing {
  double seconds = 0, low = 0, high = 0;  // of a call: median, smallest, largest (awaited: the 1st and 99th of 100)
  std::size_t stretches = 0;

  std::string json() const {
    char s[200];
    std::snprintf(s, sizeof s, "{\"seconds\": %.6g, \"low\": %.6g, \"high\": %.6g, \"stretches\": %zu}", seconds, low,
                  high, stretches);
    return s;
  }
};

inline double now() { return clock_seconds(CLOCK_MONOTONIC); }

class Event {
 public:
  Event() { succeeds(cudaEventCreate(&event_), "cudaEventCreate"); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { cudaEventDestroy(event_); }
  void record(cudaStream_t stream) { succeeds(cudaEventRecord(event_, stream), "cudaEventRecord"); }
  double since(const Event& start) const {
    float ms = 0;
    succeeds(cudaEventSynchronize(event_), "the work that is timed");
    succeeds(cudaEventElapsedTime(&ms, start.event_, event_), "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(ms);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

inline void wait() { succeeds(cudaDeviceSynchronize(), "the work that is timed"); }

// Calls return before their work is done, so how many there are to be is known from a few that are awaited.
template <class Call>
double warm_up(double seconds, Call& call) {
  const auto time = [&](long count) {
    wait();
    const double start = now();
    for (long i = 0; i < count; ++i) call();
    wait();
    return (now() - start) / static_cast<double>(count);
  };
  time(6);  // kernels are loaded, graphs captured
  return time(std::max(3L, static_cast<long>(seconds / 5 / time(3))));
}

// call() queues work on the stream.
template <class Call>
Timing time_stretches(double seconds, cudaStream_t stream, Call call) {
  const double once = warm_up(seconds, call);
  const long length = std::max(1L, static_cast<long>(seconds / 12 / once));
  std::vector<double> each;
  Event a, b;
  for (const double end = now() + seconds; now() < end || each.size() < 5;) {
    a.record(stream);
    for (long i = 0; i < length; ++i) call();
    b.record(stream);
    each.push_back(b.since(a) / static_cast<double>(length));
  }
  std::sort(each.begin(), each.end());
  return {each[each.size() / 2], each.front(), each.back(), each.size()};
}

// call() returns when its work is done.
template <class Call>
Timing time_awaited(double seconds, Call call) {
  warm_up(seconds, call);
  std::vector<double> each;
  for (const double end = now() + seconds; now() < end || each.size() < 5;) {
    const double start = now();
    call();
    each.push_back(now() - start);
  }
  std::sort(each.begin(), each.end());
  const std::size_t rare = each.size() / 100;
  return {each[each.size() / 2], each[rare], each[each.size() - 1 - rare], each.size()};
}

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t n) : n_(n) {
    succeeds(cudaMalloc(reinterpret_cast<void**>(&data_), std::max<std::size_t>(1, n) * sizeof(T)), "cudaMalloc");
  }
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) { assign(values); }
  DeviceArray(DeviceArray&& a) noexcept : n_(a.n_), data_(a.data_) { a.data_ = nullptr; }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }
  T* data() const { return data_; }
  std::size_t size() const { return n_; }
  void assign(const std::vector<T>& values) {
    succeeds(cudaMemcpy(data_, values.data(), n_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  std::vector<T> read() const {
    std::vector<T> values(n_);
    succeeds(cudaMemcpy(values.data(), data_, n_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return values;
  }

 private:
  std::size_t n_;
  T* data_ = nullptr;
};

}  // namespace bench
