// SPDX-License-Identifier: MIT
// Networks as one kernel: predict, or a whole step of training (forward, loss, backward, clipping, update). The walk
// over a network's list that queues kernels also writes their phases down, with the table of functions of Recorded<B>.
// Where one of the operations has no phases, the graph of kernels runs instead. phases() of the trainer and of the
// predictor tells which.
#pragma once

#include "../../layers/activation/cuda_phase.cuh"
#include "../../layers/join/cuda_phase.cuh"
#include "../../losses/cuda_phase.cuh"
#include "../../optimizers/cuda_phase.cuh"
#include "persistent_table.cuh"
#include "trainer.cuh"

namespace ctnet::cuda {

namespace detail {
template <class Net, class B, bool Training, int I>
auto phases_at() {
  using L = typename decltype(ctnet::detail::leaf_of<Net, I>())::type;
  if constexpr (L::traits.alias)
    return PhaseTypes<>{};
  else if constexpr (Training)
    return typename Kernel<typename L::Op, Recorded<B>>::training_phases{};
  else
    return typename Kernel<typename L::Op, Recorded<B>>::predict_phases{};
}
template <class Net, class B, bool Training, int... R>
auto phases_of(Ints<R...>) {
  return (PhaseTypes<>{} + ... + phases_at<Net, B, Training, distinct_types<Net>.first[R]>());
}
// Every type of phase of the network's layers, each once.
template <class Net, class B, bool Training>
using LayerPhases = decltype(phases_of<Net, B, Training>(Iota<distinct_types<Net>.rows>{}));
}  // namespace detail

template <class B>
struct Persistence<B, true> {
  using T = typename B::scalar;
  using Table = PhaseTable;
  struct Network {
    const Step<Recorded<B>>* steps = nullptr;  // null: it is not to run as one kernel
    PersistentKernel (*predict)() = nullptr;
  };

  template <class Net, class Input>
  static Network network() {
    return {ctnet::detail::steps<Net, Input, Recorded<B>>.step,
            [] { return kernel_for(detail::LayerPhases<Net, B, false>{}); }};
  }

  static auto walk(const Network& network, const PhaseQueue& queue, const Pass& pass, const NetworkMemory<T>& memory,
                   const std::uint64_t* draw_step) {
    return Walk<Recorded<B>>(pass, network.steps, memory, queue, draw_step);
  }
  // predict, to the table.
  static void write_down(Table& table, const Network& network, const Queue& queue, const Pass& pass,
                         const NetworkMemory<T>& memory, const T* input) {
    if (!network.steps) return;
    PhaseList list;
    walk(network, listing(queue, list), pass, memory, nullptr).forward(input, false);
    table.write(list, network.predict(), queue);
  }
  // A step of training: what `work` queues.
  template <class Net, class Input, class Loss, class Config, class F>
  static void write_down_step(Table& table, const Queue& queue, const F& work) {
    constexpr Shape output = Analysis<Net, Input>::output;
    using Update = decltype(ctnet::detail::update_with<T>(std::declval<const Config&>().numbers(SegmentStep{})));
    using Types = decltype(detail::LayerPhases<Net, B, true>{} +
                           PhaseTypes<EachPhase<Sum<T, 1>>, EachPhase<ActivateBackward<T>>>{} +
                           typename LossPhases<Loss, T, output.c(), output.plane()>::types{} +
                           typename UpdatePhases<Update, T>::types{});
    PhaseList list;
    work(listing(queue, list));
    table.write(list, kernel_for(Types{}), queue);
  }

 private:
  static PhaseQueue listing(const Queue& queue, PhaseList& list) {
    PhaseQueue q{queue};
    q.list = &list;
    return q;
  }
};

}  // namespace ctnet::cuda
