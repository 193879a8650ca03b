// SPDX-License-Identifier: MIT
// Optimizers on the GPU. The state lies in the device's memory; what changes from step to step (the numbers that an
// update works with: rates, decay, Adam's corrections for the step's count; what is frozen) is a small table there,
// worked out by the host as for the CPU and sent ahead by prepare, only where it has changed. So the step itself is
// always the same launches, fit for a graph. Of the network it asks engine().queue(), device_parameters() and
// device_gradients(), and flush(), after which these have in them what the host wrote.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "../backends/cuda/cuda.hpp"
#include "../backends/cuda/mirror.cuh"
#include "../backends/cuda/staged.cuh"
#include "cuda_update.cuh"

namespace ctnet {

template <class Config, class... P>
struct OptimizerKernel<Config, Cuda<P...>> {
  template <class Network>
  class At {
   public:
    using T = typename Network::scalar;
    using Update = decltype(detail::update_with<T>(std::declval<const Config&>().numbers(SegmentStep{})));
    static constexpr bool queued = true;

    static std::size_t parameters_of(Network&) {
      i64 n = 0;
      for (const TensorPlace& t : Network::tensors()) n += t.spec.parameter() ? t.spec.size() : 0;
      return static_cast<std::size_t>(n);
    }

    At(Network& net, const Config& config, std::span<const Segment> segments)
        : net_(net),
          parts_(static_cast<int>(config.state_names().size())),
          size_(detail::parameters_in(segments)),
          stride_(detail::state_stride(size_)),
          table_(segments.size(), "the optimizer's table") {
      memory_.grow(stride_ * static_cast<std::size_t>(parts_), "the optimizer's state");
      norm_parts_.grow(static_cast<std::size_t>(cuda::norm_blocks(static_cast<i64>(size_))), "the gradients' norm");
      ticket_.grow(1, "the gradients' norm");
      clip_.grow(1, "the gradients' norm");
    }

    void step(const Config& config, double learning_rate, i64 steps, std::span<const Segment> segments) {
      net_.engine().flush();
      net_.engine().settle_gradients();
      prepare(config, learning_rate, steps, segments);
      queue_step(queue("step"));
    }
    // Sends what step `steps` works with. Work that is captured afterwards or was before takes it from there.
    void prepare(const Config& config, double learning_rate, i64 steps, std::span<const Segment> segments) {
      const auto table = lay_out(segments);
      for (std::size_t s = 0; s < segments.size(); ++s) {
        table[s].update =
            detail::update_with<T>(config.numbers(detail::step_of(config, segments[s], learning_rate, steps)));
      }
      table_.send(queue("step"));
      mirror_.flush(queue("step"), memory_.data());
    }
    template <class Q>
    void queue_step(const Q& q, const cuda::StepResult* result = nullptr, int* halted = nullptr) {
      switch (parts_) {
        case 0:
          return launch_step<0>(q, result, halted);
        case 1:
          return launch_step<1>(q, result, halted);
        case 2:
          return launch_step<2>(q, result, halted);
        default:
          return launch_step<3>(q, result, halted);
      }
    }
    // The gradients stay as they are: the next queue_step takes the factor along.
    template <class Q>
    void queue_clip(const Q& q, double max_norm, cuda::StepResult* result) {
      launch_norm(q, max_norm, result);
      clipped_ = true;
    }
    double clip(double max_norm, std::span<const Segment> segments) {
      const cuda::Queue q = queue("clip_grad_norm");
      net_.engine().settle_gradients();
      net_.engine().flush();
      lay_out(segments);
      table_.send(q);
      launch_norm(q, max_norm, nullptr);
      cuda::launch(q, "scaling of gradients", &cuda::scale_kernel<Update, T>, grid(), table_.device(), segment_count(),
                   net_.engine().device_gradients(), static_cast<i64>(size_), clip_.data());
      cuda::Clip clip;
      cuda::to_host(q, &clip, clip_.data(), 1, "the gradients' norm");
      CTNET_CUDA(cudaStreamSynchronize(q.stream), "the gradients' norm");
      return clip.norm;
    }
    // Waits for the queue; what is written there goes to the device before the next step.
    std::span<T> part(std::size_t k) {
      return mirror_.read_write(queue("state"), memory_.data(), memory_.size()).subspan(k * stride_, size_);
    }

   private:
    cuda::Queue queue(const char* phase) const { return {net_.engine().queue().stream, phase, -1}; }
    // The table's first entries: where the segments lie, and which are frozen. There are never more than at first.
    std::span<cuda::DeviceSegment<Update>> lay_out(std::span<const Segment> segments) {
      const auto table = table_.host();
      for (std::size_t s = 0; s < segments.size(); ++s) {
        table[s].begin = static_cast<i64>(segments[s].offset);
        table[s].end = static_cast<i64>(segments[s].offset + segments[s].size);
        table[s].frozen = segments[s].frozen;
      }
      if (!table.empty()) table[0].count = static_cast<int>(segments.size());
      return table;
    }
    int segment_count() const { return static_cast<int>(table_.size()); }
    cuda::Grid grid() const {
      return {cuda::blocks_for(static_cast<i64>(size_), cuda::update_stretch), cuda::update_threads};
    }
    template <int Parts, class Q>
    void launch_step(const Q& q, const cuda::StepResult* result, int* halted) {
      // A rule has one kind of state or the other; the rest is not instantiated.
      if constexpr (Parts <= Update::most_parts && Parts >= Update::fewest_parts)
        queue_update<Parts>(q, Config::name,
                            cuda::UpdateCall<Update, T>{
                                table_.device(), segment_count(), net_.engine().device_parameters(),
                                net_.engine().device_gradients(), memory_.data(), static_cast<i64>(stride_),
                                static_cast<i64>(size_), clipped_ ? &clip_.data()->factor : nullptr, result, halted});
      clipped_ = false;
    }
    template <class Q>
    void launch_norm(const Q& q, double max_norm, cuda::StepResult* result) {
      queue_norm(q, cuda::NormCall<Update, T>{table_.device(), segment_count(), net_.engine().device_gradients(),
                                              static_cast<i64>(size_), max_norm, norm_parts_.data(), ticket_.data(),
                                              clip_.data(), result});
    }

    Network& net_;
    int parts_;
    std::size_t size_, stride_;
    cuda::DeviceBuffer<T> memory_;  // the parts of the state, one after the other
    cuda::Mirror<T> mirror_;        // of memory_
    cuda::Staged<cuda::DeviceSegment<Update>> table_;
    cuda::DeviceBuffer<double> norm_parts_;
    cuda::DeviceBuffer<unsigned> ticket_;
    cuda::DeviceBuffer<cuda::Clip> clip_;
    bool clipped_ = false;  // queue_clip came before the next queue_step
  };
};

// One error for those that have none here; what follows from it would be many more.
template <class Config, class... P>
  requires detail::takes_matrices<Config>
struct OptimizerKernel<Config, Cuda<P...>> {
  template <class Network>
  class At {
    static_assert(sizeof(Network) == 0, "this optimizer works on matrices (Muon), which no kernel does on CUDA yet");

   public:
    static constexpr bool queued = true;
    static std::size_t parameters_of(Network&);
    At(Network&, const Config&, std::span<const Segment>);
    void step(const Config&, double, i64, std::span<const Segment>);
    void prepare(const Config&, double, i64, std::span<const Segment>);
    template <class... A>
    void queue_step(const A&...);
    template <class... A>
    void queue_clip(const A&...);
    double clip(double, std::span<const Segment>);
    std::span<typename Network::scalar> part(std::size_t);
  };
};

}  // namespace ctnet
