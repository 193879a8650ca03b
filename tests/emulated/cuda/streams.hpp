// SPDX-License-Identifier: MIT
// Streams are queues of work that runs when something waits for it; a captured stream records it in a graph instead.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime.hpp"

struct CUgraphNode_st {
  ctnet_device::Work work;
  std::vector<std::size_t> after;  // the nodes that it waits for
};
struct CUgraph_st {
  std::vector<std::shared_ptr<CUgraphNode_st>> nodes;
};

namespace ctnet_device {

struct Capture {
  cudaStream_t origin;
  cudaStreamCaptureMode mode;
  std::shared_ptr<CUgraph_st> graph = std::make_shared<CUgraph_st>();
  std::set<cudaStream_t> streams;
  bool spoilt = false;
};

using Nodes = std::set<std::size_t>;

}  // namespace ctnet_device

struct CUstream_st {
  bool blocking = true;  // waits for the default stream, and that for it
  struct Queued {
    std::uint64_t serial;  // of all work in all streams
    ctnet_device::Work work;
  };
  std::deque<Queued> queue;
  std::shared_ptr<ctnet_device::Capture> capture;
  ctnet_device::Nodes last;  // what the next captured node waits for
};

namespace ctnet_device {

// One cudaEventRecord.
struct Record {
  std::weak_ptr<CUstream_st> stream;
  std::uint64_t serial = 0;
  bool done = false;
  std::chrono::steady_clock::time_point at;
};

std::shared_ptr<CUstream_st> find_stream(cudaStream_t stream);  // null: there is none
void run_until(CUstream_st& stream, std::uint64_t serial);
void run_record(const Record& record);
std::uint64_t last_serial();

// Graphs being captured now.
std::vector<std::shared_ptr<Capture>>& captures();

std::string event_leaks();

}  // namespace ctnet_device
