// SPDX-License-Identifier: MIT
// Capture of streams, and graphs, whose nodes run in any order that their edges allow.
#include <algorithm>

#include "control.hpp"
#include "scheduler.hpp"
#include "streams.hpp"

struct CUgraphExec_st {
  std::shared_ptr<CUgraph_st> graph;
};

namespace ctnet_device {
namespace {

std::set<cudaGraphExec_t> execs;
std::vector<std::shared_ptr<CUgraph_st>> graphs;

std::shared_ptr<CUgraph_st> find_graph(cudaGraph_t graph) {
  for (const auto& g : graphs)
    if (g.get() == graph) return g;
  return nullptr;
}

void run_graph(const CUgraph_st& graph) {
  const std::size_t n = graph.nodes.size();
  std::vector<std::size_t> waits(n), ready;
  std::vector<std::vector<std::size_t>> before(n);
  for (std::size_t i = 0; i < n; ++i) {
    waits[i] = graph.nodes[i]->after.size();
    for (std::size_t j : graph.nodes[i]->after) before[j].push_back(i);
    if (waits[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    auto next = order() == Order::forward ? std::min_element(ready.begin(), ready.end())
                : order() == Order::backward
                    ? std::max_element(ready.begin(), ready.end())
                    : ready.begin() + static_cast<std::ptrdiff_t>(random_bits() % ready.size());
    const std::size_t node = *next;
    ready.erase(next);
    run_work(graph.nodes[node]->work);
    for (std::size_t i : before[node])
      if (--waits[i] == 0) ready.push_back(i);
  }
}

// Whether all that the capture recorded is waited for by what its first stream did last.
bool joined(const CUgraph_st& graph, const Nodes& last) {
  std::vector<char> waited_for(graph.nodes.size(), 0);
  for (std::size_t i : last) waited_for[i] = 1;
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    if (!waited_for[i]) return false;
    for (std::size_t j : graph.nodes[i]->after) waited_for[j] = 1;
  }
  return true;
}

}  // namespace

std::vector<std::shared_ptr<Capture>>& captures() {
  static std::vector<std::shared_ptr<Capture>> all;
  return all;
}

cudaError_t outside_captures() {
  cudaError_t error = cudaSuccess;
  for (const auto& capture : captures())
    if (capture->mode != cudaStreamCaptureModeRelaxed) {
      capture->spoilt = true;
      error = cudaErrorStreamCaptureUnsupported;
    }
  return error;
}

std::string graph_leaks() {
  std::string all;
  for (std::size_t i = 0; i < graphs.size(); ++i) all += "a graph\n";
  for (std::size_t i = 0; i < execs.size(); ++i) all += "an instantiated graph\n";
  return all;
}

}  // namespace ctnet_device

using namespace ctnet_device;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return called(__func__, [&]() -> cudaError_t {
    const auto stream = find_stream(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream == find_stream(nullptr)) return cudaErrorStreamCaptureUnsupported;
    if (stream->capture) return cudaErrorIllegalState;
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = handle;
    stream->capture->mode = mode;
    stream->capture->streams = {handle};
    stream->last.clear();
    captures().push_back(stream->capture);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return called(__func__, [&]() -> cudaError_t {
    const auto stream = find_stream(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    *graph = nullptr;
    const auto capture = stream->capture;
    if (!capture) return cudaErrorIllegalState;
    if (capture->origin != handle) return capture->spoilt = true, cudaErrorStreamCaptureUnmatched;
    const bool whole = joined(*capture->graph, stream->last);
    for (cudaStream_t s : capture->streams)
      if (const auto other = find_stream(s)) other->capture = nullptr, other->last.clear();
    std::erase(captures(), capture);
    if (capture->spoilt) return cudaErrorStreamCaptureInvalidated;
    if (!whole) return cudaErrorStreamCaptureUnjoined;
    *graph = capture->graph.get();
    graphs.push_back(capture->graph);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return called(__func__, [&]() -> cudaError_t {
    const auto stream = find_stream(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    *status = !stream->capture          ? cudaStreamCaptureStatusNone
              : stream->capture->spoilt ? cudaStreamCaptureStatusInvalidated
                                        : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  static thread_local cudaStreamCaptureMode now = cudaStreamCaptureModeGlobal;
  return called(__func__, [&] { return std::swap(now, *mode), cudaSuccess; });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  return called(__func__, [&]() -> cudaError_t {
    const auto found = find_graph(graph);
    if (!found || !exec) return cudaErrorInvalidValue;
    *exec = new CUgraphExec_st{std::make_shared<CUgraph_st>(*found)};
    execs.insert(*exec);
    return cudaSuccess;
  });
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return called(__func__, [&]() -> cudaError_t {
    if (!execs.count(exec)) return cudaErrorInvalidValue;
    return enqueue(stream, {cudaGraphNodeTypeGraph, "a graph", [graph = exec->graph] { run_graph(*graph); }});
  });
}
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t) {
  return called(__func__, [&] { return execs.count(exec) ? cudaSuccess : cudaErrorInvalidValue; });
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return called(__func__, [&]() -> cudaError_t {
    if (!execs.erase(exec)) return cudaErrorInvalidValue;
    delete exec;
    return cudaSuccess;
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return called(__func__, [&] {
    return std::erase_if(graphs, [&](const auto& g) { return g.get() == graph; }) ? cudaSuccess : cudaErrorInvalidValue;
  });
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  return called(__func__, [&]() -> cudaError_t {
    const auto found = find_graph(graph);
    if (!found || !count) return cudaErrorInvalidValue;
    if (nodes)
      for (std::size_t i = 0; i < *count; ++i) nodes[i] = i < found->nodes.size() ? found->nodes[i].get() : nullptr;
    if (!nodes || *count > found->nodes.size()) *count = found->nodes.size();
    return cudaSuccess;
  });
}
cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return called(__func__, [&] { return *type = node->work.type, cudaSuccess; });
}

}  // extern "C"
