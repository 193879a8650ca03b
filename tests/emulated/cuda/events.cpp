// SPDX-License-Identifier: MIT
#include "streams.hpp"

struct CUevent_st {
  bool timing = true;
  std::shared_ptr<ctnet_device::Record> record;    // the last
  std::shared_ptr<ctnet_device::Capture> capture;  // if that was in a captured stream
  ctnet_device::Nodes nodes;
};

namespace ctnet_device {
namespace {

std::set<cudaEvent_t> events;

// Waits on the host.
cudaError_t wait(cudaEvent_t event) {
  if (!events.count(event)) return cudaErrorInvalidResourceHandle;
  if (event->capture) return event->capture->spoilt = true, cudaErrorCapturedEvent;
  if (event->record) run_record(*event->record);
  return cudaSuccess;
}

}  // namespace

std::string event_leaks() {
  std::string all;
  for (std::size_t i = 0; i < events.size(); ++i) all += "an event\n";
  return all;
}

}  // namespace ctnet_device

using namespace ctnet_device;

extern "C" {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return called(__func__, [&]() -> cudaError_t {
    if (!event) return cudaErrorInvalidValue;
    *event = new CUevent_st;
    (*event)->timing = !(flags & cudaEventDisableTiming);
    events.insert(*event);
    return cudaSuccess;
  });
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return called(__func__, [&]() -> cudaError_t {
    if (!events.erase(event)) return cudaErrorInvalidResourceHandle;
    delete event;
    return cudaSuccess;
  });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  return called(__func__, [&]() -> cudaError_t {
    const auto stream = find_stream(handle);
    if (!stream || !events.count(event)) return cudaErrorInvalidResourceHandle;
    event->capture = stream->capture;
    event->nodes = stream->last;
    event->record = nullptr;
    if (stream->capture) return cudaSuccess;
    const auto record = std::make_shared<Record>();
    event->record = record;
    record->stream = stream;
    record->serial = last_serial() + 1;
    return enqueue(handle, {cudaGraphNodeTypeEmpty, "an event", [record] {
                              record->done = true;
                              record->at = std::chrono::steady_clock::now();
                            }});
  });
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned) {
  return cudaEventRecord(event, stream);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  return called(__func__, [&]() -> cudaError_t {
    const auto stream = find_stream(handle);
    if (!stream || !events.count(event)) return cudaErrorInvalidResourceHandle;
    if (event->capture) {
      if (stream->capture && stream->capture != event->capture)
        return stream->capture->spoilt = event->capture->spoilt = true, cudaErrorStreamCaptureMerge;
      if (event->capture->spoilt) return cudaErrorStreamCaptureInvalidated;
      if (!stream->capture) {
        stream->last.clear();
        stream->capture = event->capture;
        event->capture->streams.insert(stream.get());
      }
      stream->last.insert(event->nodes.begin(), event->nodes.end());
      return cudaSuccess;
    }
    if (stream->capture) return stream->capture->spoilt = true, cudaErrorStreamCaptureIsolation;
    const auto record = event->record;
    if (!record) return cudaSuccess;
    return enqueue(handle, {cudaGraphNodeTypeEmpty, "an event", [record] { run_record(*record); }});
  });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return called(__func__, [&] { return wait(event); });
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  return called(__func__, [&] { return wait(event); });
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return called(__func__, [&]() -> cudaError_t {
    if (!milliseconds) return cudaErrorInvalidValue;
    for (cudaEvent_t e : {start, end})
      if (!events.count(e) || !e->timing || !e->record) return cudaErrorInvalidResourceHandle;
    if (!start->record->done || !end->record->done) return cudaErrorNotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(end->record->at - start->record->at).count();
    return cudaSuccess;
  });
}

}  // extern "C"
