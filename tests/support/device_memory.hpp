// SPDX-License-Identifier: MIT
// Memory of a GPU for tests, the counterpart of guarded.hpp: elements lie flush with the end or the start of an
// allocation of whole pages, so that compute-sanitizer and the emulated device stop what goes beyond them; the rest of
// the pages holds a pattern that intact() looks for. Reading and writing from the host waits for all work.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "guarded.hpp"

namespace test {

inline void succeeds(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "%s: %s, %s\n", what, cudaGetErrorName(status), cudaGetErrorString(status));
  std::abort();  // the device is of no use from here on
}

template <class T>
class DeviceBlock {
 public:
  // n elements, all NaN (integers: zero).
  DeviceBlock(std::size_t n, Flush flush) : n_(n), room_((n * sizeof(T) + page - 1) / page * page) {
    if (room_ == 0) room_ = page;
    succeeds(cudaMalloc(reinterpret_cast<void**>(&begin_), room_), "cudaMalloc");
    data_ = reinterpret_cast<T*>(flush == Flush::end ? begin_ + room_ - n * sizeof(T) : begin_);
    succeeds(cudaMemset(begin_, pattern, room_), "cudaMemset");
    fill(std::numeric_limits<T>::quiet_NaN());
  }
  template <class V>
  DeviceBlock(const V& values, Flush flush)
    requires requires { values.begin(); }
      : DeviceBlock(static_cast<std::size_t>(values.size()), flush) {
    assign(values);
  }
  DeviceBlock(DeviceBlock&& b) noexcept : n_(b.n_), room_(b.room_), begin_(b.begin_), data_(b.data_) {
    b.begin_ = nullptr;
  }
  DeviceBlock(const DeviceBlock&) = delete;
  DeviceBlock& operator=(const DeviceBlock&) = delete;
  ~DeviceBlock() {
    if (begin_) succeeds(cudaFree(begin_), "cudaFree");
  }

  T* data() const { return data_; }
  std::size_t size() const { return n_; }
  void fill(T v) {
    if constexpr (std::is_floating_point_v<T>) {
      if (v != v) {  // NaN in every format
        succeeds(cudaDeviceSynchronize(), "the work before");
        succeeds(cudaMemset(data_, 0xFF, n_ * sizeof(T)), "cudaMemset");
        return;
      }
    }
    copy_in(std::vector<T>(n_, v));
  }
  template <class V>
  void assign(const V& values) {
    std::vector<T> v(n_);
    for (std::size_t i = 0; i < n_; ++i) v[i] = static_cast<T>(values[i]);
    copy_in(v);
  }
  // The elements, as numbers of type U.
  template <class U = T>
  std::vector<U> read() const {
    const std::vector<unsigned char> all = bytes(offset(), offset() + n_ * sizeof(T));
    std::vector<U> v(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      T e;
      std::memcpy(&e, all.data() + i * sizeof(T), sizeof(T));
      v[i] = static_cast<U>(e);
    }
    return v;
  }
  // Nobody wrote beside the elements.
  bool intact() const {
    const std::size_t first = offset(), last = first + n_ * sizeof(T);
    for (const unsigned char c : bytes(0, first))
      if (c != pattern) return false;
    for (const unsigned char c : bytes(last, room_))
      if (c != pattern) return false;
    return true;
  }

 private:
  static constexpr unsigned char pattern = 0xA5;
  static constexpr std::size_t page = 4096;

  std::size_t offset() const { return static_cast<std::size_t>(reinterpret_cast<unsigned char*>(data_) - begin_); }
  void copy_in(const std::vector<T>& v) {
    if (n_ == 0) return;
    succeeds(cudaDeviceSynchronize(), "the work before");
    succeeds(cudaMemcpy(data_, v.data(), n_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy to the device");
  }
  std::vector<unsigned char> bytes(std::size_t from, std::size_t to) const {
    std::vector<unsigned char> all(to - from);
    if (all.empty()) return all;
    succeeds(cudaDeviceSynchronize(), "the work before");
    succeeds(cudaMemcpy(all.data(), begin_ + from, all.size(), cudaMemcpyDeviceToHost), "cudaMemcpy from the device");
    return all;
  }

  std::size_t n_, room_;
  unsigned char* begin_ = nullptr;
  T* data_ = nullptr;
};

// A stream of one's own, which the default stream waits for.
class TestStream {
 public:
  TestStream() { succeeds(cudaStreamCreate(&stream_), "cudaStreamCreate"); }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;
  ~TestStream() { succeeds(cudaStreamDestroy(stream_), "cudaStreamDestroy"); }
  cudaStream_t get() const { return stream_; }

  // What f queues, run; or recorded into a graph and that run.
  template <class F>
  void run(bool as_graph, F f) const {
    if (!as_graph) {
      f();
    } else {
      cudaGraph_t graph = nullptr;
      cudaGraphExec_t ready = nullptr;
      succeeds(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
      f();
      succeeds(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
      succeeds(cudaGraphInstantiate(&ready, graph, 0), "cudaGraphInstantiate");
      succeeds(cudaGraphLaunch(ready, stream_), "cudaGraphLaunch");
      succeeds(cudaStreamSynchronize(stream_), "a graph");
      succeeds(cudaGraphExecDestroy(ready), "cudaGraphExecDestroy");
      succeeds(cudaGraphDestroy(graph), "cudaGraphDestroy");
    }
    succeeds(cudaStreamSynchronize(stream_), "a kernel");
  }

 private:
  cudaStream_t stream_ = nullptr;
};

// Runs f(order's name) as a GPU does, or where the device is emulated, with the threads in several orders.
template <class F>
void in_every_thread_order(F f) {
#ifdef CTNET_EMULATED_DEVICE
  using ctnet_device::Order;
  ctnet_device::set_order(Order::forward);
  f("threads forwards");
  ctnet_device::set_order(Order::backward);
  f("threads backwards");
  ctnet_device::set_order(Order::shuffled, 1);
  f("threads shuffled");
  ctnet_device::set_order(Order::forward);
#else
  f("");
#endif
}

}  // namespace test
