// SPDX-License-Identifier: MIT
#include "streams.hpp"

#include <algorithm>
#include <map>

#include "control.hpp"
#include "scheduler.hpp"

namespace ctnet_device {

const char* operation = nullptr;

namespace {

std::map<cudaStream_t, std::shared_ptr<CUstream_st>> streams;
std::uint64_t serials = 0;
bool eager = false;

const std::shared_ptr<CUstream_st>& default_stream() {
  static const auto stream = std::make_shared<CUstream_st>();
  return stream;
}

}  // namespace

std::recursive_mutex& mutex() {
  static std::recursive_mutex m;
  return m;
}

void set_eager(bool on) { eager = on; }

std::shared_ptr<CUstream_st> find_stream(cudaStream_t stream) {
  if (!stream || stream == cudaStreamLegacy || stream == cudaStreamPerThread) return default_stream();
  const auto found = streams.find(stream);
  return found == streams.end() ? nullptr : found->second;
}

std::uint64_t last_serial() { return serials; }

void run_work(const Work& work) {
  if (work.type == cudaGraphNodeTypeHost)
    close_memory();
  else if (work.type != cudaGraphNodeTypeEmpty && work.type != cudaGraphNodeTypeGraph)
    open_memory();
  operation = work.what;
  work.run();
  operation = nullptr;
}

void run_until(CUstream_st& stream, std::uint64_t serial) {
  const bool is_default = &stream == default_stream().get();
  while (!stream.queue.empty() && stream.queue.front().serial <= serial) {
    const CUstream_st::Queued next = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (is_default) {
      for (const auto& [handle, other] : streams)
        if (other->blocking) run_until(*other, next.serial);
    } else if (stream.blocking) {
      run_until(*default_stream(), next.serial);
    }
    run_work(next.work);
  }
}

void run_record(const Record& record) {
  if (record.done) return;
  if (const auto stream = record.stream.lock()) run_until(*stream, record.serial);
}

cudaError_t enqueue(cudaStream_t handle, Work work) {
  const auto stream = find_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    Capture& capture = *stream->capture;
    if (capture.spoilt) return cudaErrorStreamCaptureInvalidated;
    auto node = std::make_shared<CUgraphNode_st>();
    node->work = std::move(work);
    node->after.assign(stream->last.begin(), stream->last.end());
    stream->last = {capture.graph->nodes.size()};
    capture.graph->nodes.push_back(std::move(node));
    return cudaSuccess;
  }
  if (stream == default_stream())
    for (const auto& capture : captures())
      if (find_stream(capture->origin)->blocking) return capture->spoilt = true, cudaErrorStreamCaptureImplicit;
  stream->queue.push_back({++serials, std::move(work)});
  if (eager) run_until(*stream, serials);
  return cudaSuccess;
}

cudaError_t run_stream(cudaStream_t handle) {
  const auto stream = find_stream(handle);
  if (!stream) return cudaErrorInvalidResourceHandle;
  if (stream->capture) return stream->capture->spoilt = true, cudaErrorStreamCaptureUnsupported;
  run_until(*stream, serials);
  if (stream == default_stream()) {
    for (const auto& [other_handle, other] : streams)
      if (other->blocking) run_until(*other, serials);
  }
  return cudaSuccess;
}

void run_everything() {
  run_until(*default_stream(), serials);
  for (const auto& [handle, stream] : streams) run_until(*stream, serials);
}

bool capturing(cudaStream_t handle) {
  const auto stream = find_stream(handle);
  return stream && stream->capture;
}

std::string stream_leaks() {
  std::string all;
  for (std::size_t i = 0; i < streams.size(); ++i) all += "a stream\n";
  return all + event_leaks();
}

}  // namespace ctnet_device

using namespace ctnet_device;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return called(__func__, [&]() -> cudaError_t {
    if (!stream || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
    auto made = std::make_shared<CUstream_st>();
    made->blocking = flags != cudaStreamNonBlocking;
    *stream = made.get();
    streams[*stream] = std::move(made);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return called(__func__, [&] { return *least = 0, *greatest = -5, cudaSuccess; });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return called(__func__, [&]() -> cudaError_t {
    const auto found = streams.find(stream);
    if (found == streams.end()) return cudaErrorInvalidResourceHandle;
    if (found->second->capture) {
      found->second->capture->spoilt = true;
      std::erase(captures(), found->second->capture);
    } else {
      run_until(*found->second, serials);
    }
    streams.erase(found);
    return cudaSuccess;
  });
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return called(__func__, [&] { return run_stream(stream); });
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return called(__func__, [&] { return run_stream(stream); });
}
cudaError_t cudaDeviceSynchronize() {
  return called(__func__, []() -> cudaError_t {
    if (const cudaError_t error = outside_captures()) return error;
    run_everything();
    return cudaSuccess;
  });
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return called(__func__, [&] {
    return enqueue(stream, {cudaGraphNodeTypeHost, "a host function", [=] { function(data); }});
  });
}

}  // extern "C"
