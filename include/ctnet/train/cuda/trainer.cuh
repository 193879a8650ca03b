// SPDX-License-Identifier: MIT
// Training steps on the GPU: forward, loss, backward, clipping and update are captured once for each batch size and
// then launched as one graph. Two slots take turns: while the device works on one batch, the next is copied ahead on a
// second stream from pinned memory. Learning rate and step number lie in device memory, so that graphs stay as they
// are.
#pragma once

#include <algorithm>
#include <utility>

#include "../../losses/cuda.cuh"
#include "../../optimizers/cuda.cuh"
#include "../network.hpp"
#include "../trainer.hpp"
#include "engine.cuh"

namespace ctnet {

namespace cuda {
// A batch that is made on the device: batch.queue_into(queue, images, labels).
template <class Batch, class T>
concept MadeOnDevice = requires(const Batch& b, const Queue& q, T* images, int* labels) {
  b.queue_into(q, images, labels);
  { b.size() } -> std::convertible_to<std::size_t>;
};
}  // namespace cuda

template <class Net, class Input, class... P, class Config, class Loss>
class Trainer<Network<Net, Input, Cuda<P...>>, Optimizer<Network<Net, Input, Cuda<P...>>, Config>, Loss> {
  using NetworkType = Network<Net, Input, Cuda<P...>>;
  using OptimizerType = Optimizer<NetworkType, Config>;
  using T = typename NetworkType::scalar;
  using DeviceLoss = cuda::DeviceLoss<Loss, T>;
  using Target = typename DeviceLoss::target;
  using B = typename NetworkType::backend;
  using OneKernel = cuda::Persistence<B>;

 public:
  static constexpr int most_under_way = 2;

  Trainer(NetworkType& net, OptimizerType& optimizer, const Loss& loss, double clip = 0)
      : net_(net), optimizer_(optimizer), loss_(loss), clip_(clip), plain_(net, optimizer, loss, clip) {
    NetworkType::check_backward();
    detail::expect_network_of("Trainer", net, optimizer);
    net.zero_grad();
    result_.grow(1, "the step's result");
    draw_step_.grow(1, "the step's number");
    halted_.grow(1, "whether training has stopped");
    for (Slot& s : slots_) {
      s.result.grow(1, "the step's result");
      s.draw_step.grow(1, "the step's number");
    }
  }
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;
  // Slots are in use by the device until then.
  ~Trainer() { static_cast<void>(cudaStreamSynchronize(net_.engine().queue().stream)); }

  template <class Batch>
  void submit(const Batch& batch) {
    if (under_way_ == most_under_way) fail("Trainer: ", under_way_, " steps are under way; collect one first");
    auto& engine = net_.engine();
    const std::size_t n = checked_size(batch);
    Slot& s = slots_[next_];
    bool moved = engine.begin_step(n);
    moved |= loss_scratch_.grow(static_cast<std::size_t>(loss_.scratch(extents(n))), "the loss");
    moved |= std::exchange(frozen_changes_, engine.frozen_changes()) != engine.frozen_changes();
    if (moved)
      for (Slot& any_slot : slots_) any_slot.graphs.clear();
    constexpr bool soft = is_soft<Batch>();
    make_room<soft>(s, n);

    const cuda::Queue queue = engine.queue();
    optimizer_.prepare_step();
    s.draw_step[0] = engine.step();
    cuda::to_device(queue, draw_step_.data(), s.draw_step.data(), 1, "the step's number");
    stage(s, batch, n, queue);
    replay<soft>(s, n, queue);
    s.done.record(queue.stream);
    s.images = static_cast<long long>(n);
    s.learning_rate = optimizer_.learning_rate();
    next_ = (next_ + 1) % most_under_way;
    ++under_way_;
  }
  // Gathered batches go through the host one by one: losses are computed there, and nothing is captured.
  template <class Batch>
  void gather(const Batch& batch) {
    if constexpr (cuda::MadeOnDevice<Batch, T>) {
      fail("Trainer: batches that are made on the GPU cannot be gathered into one step");
    } else {
      if (under_way_ > 0)
        fail("Trainer: ", under_way_, " steps are under way; collect them before batches are gathered");
      for (Slot& s : slots_) s.graphs.clear();  // the network's memory may move
      plain_.gather(batch);
    }
  }
  void update() { plain_.update(); }
  int under_way() const { return under_way_ + plain_.under_way(); }
  StepResult collect() {
    if (under_way_ == 0) return plain_.collect();
    const Slot& s = slots_[(next_ + most_under_way - under_way_) % most_under_way];
    s.done.synchronize("a training step");
    --under_way_;
    const cuda::StepResult& r = s.result[0];
    return {r.value, r.weight, clip_ > 0 ? r.gradient_norm : 0, s.learning_rate, s.images, r.counted, r.correct, 1};
  }
  // Kernels and copies of a step as captured for batches of n, 0 before the second such step.
  std::size_t graph_nodes(std::size_t n) const {
    for (const Slot& s : slots_)
      for (const Captured& c : s.graphs)
        if (c.batch == n && c.graph) return c.graph.nodes();
    return 0;
  }
  // The phases of a step for batches of n, line by line, or why there are none; empty before the first such step.
  std::string phases(std::size_t n) const
    requires(B::persistent)
  {
    for (const Slot& s : slots_)
      for (const Captured& c : s.graphs)
        if (c.batch == n) return c.table.text();
    return "";
  }

 private:
  struct Captured {
    std::size_t batch = 0;
    bool soft = false;
    int runs = 0;
    cuda::Graph graph{};
    typename OneKernel::Table table{};
  };
  template <class V>
  struct Targets {
    cuda::PinnedBuffer<V> host;
    cuda::DeviceBuffer<V> device;
  };
  struct None {};
  struct Slot {
    cuda::PinnedBuffer<T> host_images;
    cuda::DeviceBuffer<T> device_images;
    Targets<Target> targets;
    [[no_unique_address]] std::conditional_t<std::is_same_v<Target, T>, None, Targets<T>> soft{};
    cuda::PinnedBuffer<cuda::StepResult> result;
    cuda::PinnedBuffer<std::uint64_t> draw_step;
    cuda::Event copied, done;
    std::vector<Captured> graphs;
    long long images = 0;
    double learning_rate = 0;
  };
  static constexpr Shape output = NetworkType::Facts::output;
  static constexpr std::size_t input_size = static_cast<std::size_t>(Input::shape.size());
  // Whether a batch's targets are class probabilities, for a loss that takes labels too.
  template <class Batch>
  static constexpr bool is_soft() {
    if constexpr (cuda::MadeOnDevice<Batch, T> || std::is_same_v<Target, T>)
      return false;
    else
      return !std::is_integral_v<scalar_of<std::remove_cvref_t<decltype(detail::targets_of(std::declval<Batch>()))>>>;
  }
  // Targets of one image.
  template <bool Soft>
  static constexpr std::size_t targets =
      static_cast<std::size_t>(std::is_integral_v<Target> && !Soft ? output.plane() : output.size());
  template <bool Soft>
  static auto& targets_in(Slot& s) {
    if constexpr (Soft)
      return s.soft;
    else
      return s.targets;
  }

  static LossExtents extents(std::size_t n) {
    return {n, static_cast<std::size_t>(output.c()), static_cast<std::size_t>(output.plane())};
  }
  template <class Batch>
  std::size_t checked_size(const Batch& batch) const {
    std::size_t n = 0;
    if constexpr (cuda::MadeOnDevice<Batch, T>) {
      n = static_cast<std::size_t>(batch.size());
    } else {
      n = batch_of(batch.images, Input::shape, "forward: the input");
      if (n > 0) loss_.check(View<const T>{nullptr, n, output}, detail::targets_of(batch));
    }
    if (n == 0) fail("forward: the input has no images");
    return n;
  }
  template <bool Soft>
  void make_room(Slot& s, std::size_t n) {
    bool moved = s.device_images.grow(n * input_size, "images of a batch");
    moved |= targets_in<Soft>(s).device.grow(n * targets<Soft>, "targets of a batch");
    if (moved) s.graphs.clear();
  }
  template <class Batch>
  void stage(Slot& s, const Batch& batch, std::size_t n, const cuda::Queue& queue) {
    if constexpr (cuda::MadeOnDevice<Batch, T>) {
      batch.queue_into(queue, s.device_images.data(), s.targets.device.data());
    } else {
      s.host_images.grow(n * input_size, "images of a batch");
      constexpr bool soft = is_soft<Batch>();
      const std::size_t count = n * targets<soft>;
      auto& to = targets_in<soft>(s);
      to.host.grow(count, "targets of a batch");
      const auto given_images = dense(batch.images, "forward: the input");
      const auto given_targets = dense(detail::targets_of(batch), "the targets");
      std::copy_n(given_images.data(), n * input_size, s.host_images.data());
      std::transform(given_targets.data(), given_targets.data() + count, to.host.data(),
                     [](auto v) { return static_cast<std::remove_cvref_t<decltype(to.host[0])>>(v); });
      const cuda::Queue ahead{copies_.get()};
      cuda::to_device(ahead, s.device_images.data(), s.host_images.data(), n * input_size, "images of a batch");
      cuda::to_device(ahead, to.device.data(), to.host.data(), count, "targets of a batch");
      s.copied.record(ahead.stream);
      s.copied.hold(queue.stream);
    }
  }
  template <bool Soft>
  void replay(Slot& s, std::size_t n, const cuda::Queue& queue) {
    auto c = std::find_if(s.graphs.begin(), s.graphs.end(),
                          [&](const Captured& g) { return g.batch == n && g.soft == Soft; });
    if (c == s.graphs.end()) {
      constexpr std::size_t most = 4;
      if (s.graphs.size() == most) s.graphs.erase(s.graphs.begin());
      s.graphs.push_back({n, Soft, 0, {}, {}});
      c = s.graphs.end() - 1;
    }
    if constexpr (B::persistent)
      if (c->runs == 0)
        OneKernel::template write_down_step<Net, Input, Loss, Config>(
            c->table, queue, [&](const auto& q) { queue_step<Soft>(s, n, q); });
    if (c->runs == 1)
      c->graph.capture(
          queue.stream, [&] { run_step<Soft>(s, *c, queue); }, "a training step");
    if (c->runs++ == 0)
      run_step<Soft>(s, *c, queue);  // which loads the kernels
    else
      c->graph.launch(queue.stream, "a training step");
    net_.zero_grad();
  }
  template <bool Soft>
  void run_step(Slot& s, const Captured& c, const cuda::Queue& queue) {
    bool done = false;
    if constexpr (B::persistent)
      if (c.table) c.table.launch(queue, "a training step"), done = true;
    if (!done) queue_step<Soft>(s, c.batch, queue);
    cuda::to_host(queue, s.result.data(), result_.data(), 1, "the step's result");
  }
  template <bool Soft, class Queue>
  void queue_step(Slot& s, std::size_t n, const Queue& queue) {
    auto& engine = net_.engine();
    net_.zero_grad();
    engine.queue_forward(queue, s.device_images.data(), draw_step_.data());
    loss_.queue(queue, extents(n), engine.training_output(), targets_in<Soft>(s).device.data(),
                engine.output_gradient(), result_.data(), loss_scratch_.data());
    engine.queue_backward(queue, s.device_images.data(), nullptr, draw_step_.data());
    if (clip_ > 0) optimizer_.queue_clip(queue, clip_, result_.data());
    optimizer_.queue_step(queue, result_.data(), halted_.data());
  }

  NetworkType& net_;
  OptimizerType& optimizer_;
  DeviceLoss loss_;
  double clip_;
  detail::PlainTrainer<NetworkType, OptimizerType, Loss> plain_;
  cuda::Stream copies_;
  cuda::DeviceBuffer<cuda::StepResult> result_;
  cuda::DeviceBuffer<std::uint64_t> draw_step_;
  cuda::DeviceBuffer<int> halted_;
  cuda::DeviceBuffer<T> loss_scratch_;
  Slot slots_[most_under_way];
  int next_ = 0, under_way_ = 0;
  i64 frozen_changes_ = 0;  // that the captured work knows of
};

}  // namespace ctnet
