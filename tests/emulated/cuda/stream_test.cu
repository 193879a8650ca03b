// SPDX-License-Identifier: MIT
// The emulator's streams, events, graphs, limits and errors.
#include <cstring>
#include <vector>

#include "testing.hpp"

using namespace ctnet_device;

namespace {

__global__ void add_one(float* x, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) x[i] += 1;
}
__global__ void times(float* x, float a) { x[threadIdx.x] *= a; }
__global__ void nothing() {}

struct Streams {
  cudaStream_t a, b;
  cudaEvent_t event;
  Streams() {
    REQUIRE(cudaStreamCreateWithFlags(&a, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaStreamCreateWithFlags(&b, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
  }
  ~Streams() {
    cudaStreamDestroy(a);
    cudaStreamDestroy(b);
    cudaEventDestroy(event);
  }
};
struct Pinned {
  float* data = nullptr;
  explicit Pinned(std::size_t n) { REQUIRE(cudaMallocHost(&data, n * sizeof(float)) == cudaSuccess); }
  ~Pinned() { cudaFreeHost(data); }
};

cudaError_t scale(float* x, float a, cudaStream_t stream) {
  return launch(&times, 1, 1, 0, stream, false, "times", x, a);
}

}  // namespace

TEST_CASE("emulated device: work runs when something waits for it, in the order of its stream") {
  const Streams s;
  const DeviceArray<float> x(std::vector<float>{1});
  const Pinned in(1), out(1);
  float pageable = 3;
  in.data[0] = 2;
  out.data[0] = 0;
  const std::size_t before = launches();
  CHECK(cudaMemcpyAsync(x.data, &pageable, 4, cudaMemcpyHostToDevice, s.a) == cudaSuccess);
  pageable = 0;  // was read at once
  CHECK(scale(x.data, 10, s.a) == cudaSuccess);
  CHECK(cudaMemcpyAsync(out.data, x.data, 4, cudaMemcpyDeviceToHost, s.a) == cudaSuccess);
  CHECK(cudaMemcpyAsync(x.data, in.data, 4, cudaMemcpyHostToDevice, s.a) == cudaSuccess);
  in.data[0] = 7;  // too early
  CHECK(launches() == before);
  CHECK(out.data[0] == 0);
  CHECK(cudaStreamSynchronize(s.b) == cudaSuccess);
  CHECK(launches() == before);
  CHECK(cudaStreamSynchronize(s.a) == cudaSuccess);
  CHECK(launches() == before + 1);
  CHECK(out.data[0] == 30);
  CHECK(x.host()[0] == 7);
  set_eager(true);
  CHECK(scale(x.data, 2, s.a) == cudaSuccess);
  CHECK(launches() == before + 2);
  set_eager(false);
}

TEST_CASE("emulated device: the default stream waits for blocking streams, and they for it") {
  cudaStream_t s;
  REQUIRE(cudaStreamCreate(&s) == cudaSuccess);
  const DeviceArray<float> x(std::vector<float>{1});
  CHECK(scale(x.data, 3, s) == cudaSuccess);
  CHECK(cudaMemsetAsync(x.data, 0, 4, nullptr) == cudaSuccess);
  CHECK(launch(&add_one, 1, 1, 0, s, false, "add_one", x.data, 1) == cudaSuccess);
  CHECK(cudaStreamSynchronize(s) == cudaSuccess);
  CHECK(x.host()[0] == 1);
  CHECK(cudaStreamDestroy(s) == cudaSuccess);
  CHECK(cudaStreamSynchronize(s) == cudaErrorInvalidResourceHandle);
}

TEST_CASE("emulated device: events order streams") {
  const Streams s;
  const DeviceArray<float> x(std::vector<float>{1}), y(std::vector<float>{0});
  CHECK(cudaStreamWaitEvent(s.b, s.event, 0) == cudaSuccess);  // never recorded: nothing to wait for
  for (bool wait : {false, true}) {
    CHECK(scale(x.data, 5, s.a) == cudaSuccess);
    CHECK(cudaEventRecord(s.event, s.a) == cudaSuccess);
    CHECK(scale(x.data, 100, s.a) == cudaSuccess);  // after the event
    if (wait) CHECK(cudaStreamWaitEvent(s.b, s.event, 0) == cudaSuccess);
    CHECK(cudaMemcpyAsync(y.data, x.data, 4, cudaMemcpyDeviceToDevice, s.b) == cudaSuccess);
    CHECK(cudaStreamSynchronize(s.b) == cudaSuccess);
    CHECK(y.host()[0] == (wait ? 5 : 1));
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    const float one = 1;
    CHECK(cudaMemcpy(x.data, &one, 4, cudaMemcpyHostToDevice) == cudaSuccess);
  }
  cudaEvent_t timed[2];
  for (cudaEvent_t& e : timed) CHECK(cudaEventCreate(&e) == cudaSuccess);
  CHECK(cudaEventRecord(timed[0], s.a) == cudaSuccess);
  CHECK(scale(x.data, 1, s.a) == cudaSuccess);
  CHECK(cudaEventRecord(timed[1], s.a) == cudaSuccess);
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, timed[0], timed[1]) == cudaErrorNotReady);
  CHECK(cudaEventSynchronize(timed[1]) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&milliseconds, timed[0], timed[1]) == cudaSuccess);
  CHECK(milliseconds >= 0);
  CHECK(cudaEventElapsedTime(&milliseconds, s.event, timed[1]) == cudaErrorInvalidResourceHandle);
  for (cudaEvent_t e : timed) CHECK(cudaEventDestroy(e) == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("emulated device: a graph repeats what was captured, on two streams") {
  for (bool fork_first : {true, false})
    in_every_order([&] {
      const Streams s;
      const DeviceArray<float> x(std::vector<float>{1}), y(std::vector<float>{1});
      const Pinned in(1), out(1);
      CHECK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal) == cudaSuccess);
      cudaStreamCaptureStatus status;
      CHECK(cudaStreamIsCapturing(s.a, &status) == cudaSuccess);
      CHECK(status == cudaStreamCaptureStatusActive);
      CHECK(cudaMemcpyAsync(x.data, in.data, 4, cudaMemcpyHostToDevice, s.a) == cudaSuccess);
      CHECK(cudaMemsetAsync(y.data, 0, 4, s.a) == cudaSuccess);
      if (!fork_first) CHECK(scale(x.data, 2, s.a) == cudaSuccess);
      CHECK(cudaEventRecord(s.event, s.a) == cudaSuccess);
      CHECK(cudaStreamWaitEvent(s.b, s.event, 0) == cudaSuccess);
      CHECK(launch(&add_one, 1, 1, 0, s.b, false, "add_one", y.data, 1) == cudaSuccess);
      CHECK(cudaEventRecord(s.event, s.b) == cudaSuccess);
      CHECK(scale(x.data, 3, s.a) == cudaSuccess);
      CHECK(cudaStreamWaitEvent(s.a, s.event, 0) == cudaSuccess);
      CHECK(cudaMemcpyAsync(out.data, x.data, 4, cudaMemcpyDeviceToHost, s.a) == cudaSuccess);
      cudaGraph_t graph;
      CHECK(cudaStreamEndCapture(s.a, &graph) == cudaSuccess);
      std::size_t nodes = 0;
      CHECK(cudaGraphGetNodes(graph, nullptr, &nodes) == cudaSuccess);
      CHECK(nodes == (fork_first ? 5 : 6));
      cudaGraphExec_t exec;
      CHECK(cudaGraphInstantiate(&exec, graph, 0) == cudaSuccess);
      CHECK(cudaGraphDestroy(graph) == cudaSuccess);
      CHECK(y.host()[0] == 1);
      for (int round = 0; round < 3; ++round) {
        in.data[0] = static_cast<float>(round);
        out.data[0] = -1;
        CHECK(cudaGraphLaunch(exec, s.a) == cudaSuccess);
        CHECK(out.data[0] == -1);
        CHECK(cudaStreamSynchronize(s.a) == cudaSuccess);
        CHECK(out.data[0] == static_cast<float>(round * (fork_first ? 3 : 6)));
        CHECK(y.host()[0] == 1);
      }
      CHECK(cudaGraphExecDestroy(exec) == cudaSuccess);
    });
}

TEST_CASE("emulated device: what may not be captured spoils the capture") {
  const Streams s;
  const DeviceArray<float> x(std::vector<float>{1});
  float* p = nullptr;
  const auto attempt = [&](auto f, cudaError_t of_call, cudaError_t of_end) {
    CHECK(cudaStreamBeginCapture(s.a, cudaStreamCaptureModeGlobal) == cudaSuccess);
    CHECK(scale(x.data, 2, s.a) == cudaSuccess);
    CHECK(f() == of_call);
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(s.a, &graph) == of_end);
    if (graph) cudaGraphDestroy(graph);
    cudaGetLastError();
  };
  const auto unsupported = cudaErrorStreamCaptureUnsupported, invalidated = cudaErrorStreamCaptureInvalidated;
  attempt([&] { return cudaStreamSynchronize(s.a); }, unsupported, invalidated);
  attempt([&] { return cudaDeviceSynchronize(); }, unsupported, invalidated);
  attempt([&] { return cudaMalloc(&p, 4); }, unsupported, invalidated);
  attempt([&] { return cudaMemset(x.data, 0, 4); }, unsupported, invalidated);
  attempt([&] { return cudaStreamWaitEvent(s.a, s.event, 0); }, cudaErrorStreamCaptureIsolation, invalidated);
  attempt(
      [&] {
        cudaEventRecord(s.event, s.a);
        cudaStreamWaitEvent(s.b, s.event, 0);
        return scale(x.data, 2, s.b);
      },
      cudaSuccess, cudaErrorStreamCaptureUnjoined);
  attempt([&] { return cudaEventRecord(s.event, s.a), cudaEventSynchronize(s.event); }, cudaErrorCapturedEvent,
          invalidated);
  CHECK(cudaStreamSynchronize(s.a) == cudaSuccess);  // and the stream is as before
  CHECK(x.host()[0] == 1);
}

TEST_CASE("emulated device: limits of launches") {
  const auto start = [](dim3 grid, dim3 block, std::size_t shared) {
    return launch(&nothing, grid, block, shared, nullptr, false, "nothing");
  };
  CHECK(start(1, 1024, 48 * 1024) == cudaSuccess);
  CHECK(start(1, 1025, 0) == cudaErrorInvalidConfiguration);
  CHECK(start(1, dim3(32, 32, 2), 0) == cudaErrorInvalidConfiguration);
  CHECK(start(1, dim3(1, 1, 65), 0) == cudaErrorInvalidConfiguration);
  CHECK(start(dim3(1, 65536), 1, 0) == cudaErrorInvalidConfiguration);
  CHECK(start(0, 1, 0) == cudaErrorInvalidConfiguration);
  CHECK(start(1, 0, 0) == cudaErrorInvalidConfiguration);
  CHECK(start(1, 1, 48 * 1024 + 1) == cudaErrorInvalidValue);
  const auto kernel = reinterpret_cast<const void*>(&nothing);
  const auto most = cudaFuncAttributeMaxDynamicSharedMemorySize;
  CHECK(cudaFuncSetAttribute(kernel, most, 227 * 1024 + 1) == cudaErrorInvalidValue);
  CHECK(cudaFuncSetAttribute(kernel, most, 227 * 1024) == cudaSuccess);
  CHECK(start(1, 1, 227 * 1024) == cudaSuccess);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("emulated device: errors can be injected") {
  float* p = nullptr;
  fail_next("cudaMalloc", cudaErrorMemoryAllocation, 1);
  CHECK(cudaMalloc(&p, 4) == cudaSuccess);
  CHECK(cudaFree(p) == cudaSuccess);
  CHECK(cudaMalloc(&p, 4) == cudaErrorMemoryAllocation);
  CHECK(cudaMalloc(&p, 4) == cudaSuccess);
  CHECK(cudaFree(p) == cudaSuccess);
  fail_next("cudaLaunchKernel", cudaErrorLaunchOutOfResources);
  CHECK(launch(&nothing, 1, 1, 0, nullptr, false, "nothing") == cudaErrorLaunchOutOfResources);
  CHECK(cudaGetLastError() == cudaErrorLaunchOutOfResources);
  CHECK(std::strcmp(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation") == 0);
  CHECK(std::strcmp(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory") == 0);
}
