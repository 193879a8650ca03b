// SPDX-License-Identifier: MIT
// Streams, events and captured graphs of the CUDA runtime, each owned by one object.
#pragma once

#include <utility>

#include "check.cuh"

namespace ctnet::cuda {

class Stream {
 public:
  Stream() { CTNET_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream"); }
  Stream(Stream&& s) noexcept : stream_(std::exchange(s.stream_, nullptr)) {}
  Stream& operator=(Stream&& s) noexcept {
    std::swap(stream_, s.stream_);
    return *this;
  }
  ~Stream() {
    if (stream_) static_cast<void>(cudaStreamDestroy(stream_));
  }
  cudaStream_t get() const { return stream_; }
  void synchronize(const char* purpose) const { CTNET_CUDA(cudaStreamSynchronize(stream_), purpose); }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  Event() { CTNET_CUDA(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "an event"); }
  Event(Event&& e) noexcept : event_(std::exchange(e.event_, nullptr)) {}
  Event& operator=(Event&& e) noexcept {
    std::swap(event_, e.event_);
    return *this;
  }
  ~Event() {
    if (event_) static_cast<void>(cudaEventDestroy(event_));
  }
  void record(cudaStream_t stream) const { CTNET_CUDA(cudaEventRecord(event_, stream), "an event"); }
  // The host waits; `stream` waits.
  void synchronize(const char* purpose) const { CTNET_CUDA(cudaEventSynchronize(event_), purpose); }
  void hold(cudaStream_t stream) const { CTNET_CUDA(cudaStreamWaitEvent(stream, event_, 0), "an event"); }

 private:
  cudaEvent_t event_ = nullptr;
};

// Work captured once and replayed by one call.
class Graph {
 public:
  Graph() = default;
  Graph(Graph&& g) noexcept : exec_(std::exchange(g.exec_, nullptr)), nodes_(g.nodes_) {}
  Graph& operator=(Graph&& g) noexcept {
    std::swap(exec_, g.exec_);
    std::swap(nodes_, g.nodes_);
    return *this;
  }
  ~Graph() { reset(); }

  // What work() queues on the stream, recorded instead of run. An error within leaves no graph and no open capture.
  template <class F>
  void capture(cudaStream_t stream, const F& work, const char* purpose) {
    reset();
    cudaGraph_t graph = nullptr;
    CTNET_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), purpose);
    try {
      work();
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(stream, &graph));
      if (graph) static_cast<void>(cudaGraphDestroy(graph));
      static_cast<void>(cudaGetLastError());
      throw;
    }
    CTNET_CUDA(cudaStreamEndCapture(stream, &graph), purpose);
    cudaError_t status = cudaGraphGetNodes(graph, nullptr, &nodes_);
    if (status == cudaSuccess) status = cudaGraphInstantiate(&exec_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    CTNET_CUDA(status, purpose);
  }
  void launch(cudaStream_t stream, const char* purpose) const { CTNET_CUDA(cudaGraphLaunch(exec_, stream), purpose); }
  explicit operator bool() const { return exec_ != nullptr; }
  std::size_t nodes() const { return nodes_; }  // kernels and copies, each a start
  void reset() {
    if (exec_) static_cast<void>(cudaGraphExecDestroy(std::exchange(exec_, nullptr)));
    nodes_ = 0;
  }

 private:
  cudaGraphExec_t exec_ = nullptr;
  std::size_t nodes_ = 0;
};

}  // namespace ctnet::cuda
