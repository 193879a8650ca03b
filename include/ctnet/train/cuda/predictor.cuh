// SPDX-License-Identifier: MIT
// Evaluation mode on the device: an arena for the batch, and the whole forward as one captured graph for each of the
// batch sizes seen last.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "../../backends/cuda/memory.cuh"
#include "walk.cuh"

namespace ctnet::cuda {

// Elements of scratch that the largest of the operations needs.
template <class B>
std::size_t scratch_of(const Program& p, const Step<B>* steps) {
  i64 most = 0;
  for (int i = 0; i < p.ops; ++i)
    if (steps[i].scratch) most = std::max(most, detail::padded(steps[i].scratch(p.op[i].op)));
  return static_cast<std::size_t>(most);
}

// Where a network's numbers are on the device.
template <class T>
struct Numbers {
  const T* parameters = nullptr;
  T* statistics = nullptr;
  T* scratch = nullptr;
};

template <class B>
class Predictor {
  using T = typename B::scalar;

 public:
  using OneKernel = Persistence<B>;

  Predictor(const Pass& pass, const Step<B>* steps, const typename OneKernel::Network& network = {})
      : pass_(&pass), steps_(steps), network_(network) {}

  // Makes room for a batch. Where its images go, (N, C, H, W): of the device for run, of the host for run_from_host.
  T* input(std::size_t batch) {
    bool moved = input_.grow(batch * elements(0), "input images");
    moved |= arena_.grow(batch * static_cast<std::size_t>(pass_->program.inference.size), "activations of predict");
    if (moved) graphs_.clear();
    return input_.data();
  }
  T* host_input(std::size_t batch) {
    input(batch);
    bool moved = host_input_.grow(batch * elements(0), "input images");
    moved |= host_output_.grow(batch * elements(pass_->program.output), "results");
    if (moved) graphs_.clear();
    return host_input_.data();
  }
  // Queues the work for `batch` images; gives where the outputs will be, (N, ...), until the next run. From the second
  // time on it is one launch of a graph.
  const T* run(std::size_t batch, const Numbers<T>& numbers, const Queue& queue, OpTime* times = nullptr) {
    const NetworkMemory<T> m = memory_of(batch, numbers);
    replay(batch, false, queue, times, m, [&](const Captured* c) { walk(c, m, queue, times); });
    return output(m);
  }
  // The same, with both copies as part of the work.
  const T* run_from_host(std::size_t batch, const Numbers<T>& numbers, const Queue& queue, OpTime* times = nullptr) {
    const NetworkMemory<T> m = memory_of(batch, numbers);
    replay(batch, true, queue, times, m, [&](const Captured* c) {
      to_device(queue, input_.data(), host_input_.data(), batch * elements(0), "images");
      walk(c, m, queue, times);
      to_host(queue, host_output_.data(), output(m), batch * elements(pass_->program.output), "results");
    });
    return host_output_.data();
  }
  // The phases of predict for the batch that came last, line by line, or why there are none.
  std::string phases() const
    requires(B::persistent)
  {
    return graphs_.empty() ? "" : graphs_.front().table.text();
  }
  // Whether any of these bytes of the host lie in memory that a call may write to or give back.
  bool owns(const void* at, std::size_t bytes) const { return overlap(at, bytes, host_input_, host_output_); }
  std::size_t memory() const { return (input_.size() + arena_.size()) * sizeof(T); }  // bytes

 private:
  struct Captured {
    std::size_t batch = 0;
    bool from_host = false;
    int runs = 0;
    Graph graph{};
    typename OneKernel::Table table{};
  };
  std::size_t elements(int v) const { return static_cast<std::size_t>(pass_->program.elements(v)); }
  NetworkMemory<T> memory_of(std::size_t batch, const Numbers<T>& n) const {
    return {arena_.data(), batch, n.parameters, nullptr, n.statistics, nullptr, n.scratch, {}};
  }
  void walk(const Captured* c, const NetworkMemory<T>& m, const Queue& queue, OpTime* times) const {
    if constexpr (B::persistent)
      if (c && c->table) return c->table.launch(queue, "predict");
    Walk<B>(*pass_, steps_, m, queue, nullptr, times).forward(input_.data(), false);
  }
  const T* output(const NetworkMemory<T>& m) const { return Walk<B>::output(*pass_, m, input_.data(), false); }

  template <class F>
  void replay(std::size_t batch, bool from_host, const Queue& queue, const OpTime* times, const NetworkMemory<T>& m,
              const F& work) {
    if (times) return work(nullptr);
    Captured& c = captured(batch, from_host);
    if constexpr (B::persistent)
      if (c.runs == 0) OneKernel::write_down(c.table, network_, queue, *pass_, m, input_.data());
    if (c.runs == 1)
      c.graph.capture(
          queue.stream, [&] { work(&c); }, "predict");
    if (c.runs++ == 0)
      work(&c);  // which loads the kernels
    else
      c.graph.launch(queue.stream, "predict");
  }
  Captured& captured(std::size_t batch, bool from_host) {
    constexpr std::size_t most = 8;
    std::size_t i = 0;
    while (i < graphs_.size() && !(graphs_[i].batch == batch && graphs_[i].from_host == from_host)) ++i;
    if (i == graphs_.size()) {
      if (i == most) graphs_.pop_back(), --i;
      graphs_.push_back({batch, from_host, 0, {}, {}});
    }
    std::rotate(graphs_.begin(), graphs_.begin() + static_cast<std::ptrdiff_t>(i),
                graphs_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return graphs_.front();
  }

  const Pass* pass_;
  const Step<B>* steps_;
  [[no_unique_address]] typename OneKernel::Network network_;
  DeviceBuffer<T> input_, arena_;
  PinnedBuffer<T> host_input_, host_output_;
  std::vector<Captured> graphs_;  // the one used last first
};

}  // namespace ctnet::cuda
