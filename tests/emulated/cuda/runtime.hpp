// SPDX-License-Identifier: MIT
// What the runtime's functions share: every one is `return called(__func__, [&]() -> cudaError_t { ... })`.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>

namespace ctnet_device {

std::recursive_mutex& mutex();           // held while anything here works
cudaError_t injected(const char* name);  // by fail_next
void remember(cudaError_t error);        // for cudaGetLastError
void trap_faults();                      // once: says what ran when something touched what it may not

// Device memory. It opens for queued work and closes when the call that runs it is done.
enum class Place { host, device, outside };  // outside: in or beside device memory, but not wholly in one allocation
Place place(const void* p, std::size_t bytes);
bool pinned(const void* p, std::size_t bytes);
void open_memory();
void close_memory();

// Work that was queued, or a node of a graph.
struct Work {
  cudaGraphNodeType type;
  const char* what;  // for messages
  std::function<void()> run;
};
cudaError_t enqueue(cudaStream_t stream, Work work);
cudaError_t run_stream(cudaStream_t stream);  // all that was queued in it so far, and what that waits for
void run_everything();
void run_work(const Work& work);

bool capturing(cudaStream_t stream);
// A call that waits or allocates may not happen while a stream is captured: the capture is spoilt.
cudaError_t outside_captures();

std::string stream_leaks();
std::string graph_leaks();

extern const char* operation;  // what runs now, if no kernel

struct Closing {
  ~Closing() { close_memory(); }
};

template <class F>
cudaError_t called(const char* name, F f) {
  const std::lock_guard lock(mutex());
  const Closing closing;
  trap_faults();
  cudaError_t error = injected(name);
  if (error == cudaSuccess) error = f();
  remember(error);
  return error;
}

}  // namespace ctnet_device
