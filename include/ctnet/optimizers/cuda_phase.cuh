// SPDX-License-Identifier: MIT
// The optimizers' step as phases of a persistent kernel: the norm, where gradients are clipped, and the update, by the
// bodies of their kernels. Both are bound by memory, from L2 in networks that are small enough for this.
#pragma once

#include "../backends/cuda/phase_list.cuh"
#include "cuda_update.cuh"

namespace ctnet::cuda {

static_assert(crew_threads == update_threads);

template <class Update, class T, int Parts>
struct UpdatePhase {
  UpdateCall<Update, T> a;
  __device__ void operator()(const Crew& crew) const {
    if (!goes_on(a.result, a.halted, crew.block == 0)) return;
    for (i64 i = crew.block; i * update_stretch < a.size; i += crew.blocks) update_some<Parts>(a, i);
  }
};
template <class Update, class T>
struct NormOfGradientsPhase {
  NormCall<Update, T> a;
  __device__ void operator()(const Crew& crew) const {
    norm_of_gradients(a, static_cast<unsigned>(crew.block), static_cast<unsigned>(crew.blocks));
  }
};

template <class Update, class T>
struct UpdatePhases {
 private:
  template <int... I>
  static PhaseTypes<NormOfGradientsPhase<Update, T>, UpdatePhase<Update, T, Update::fewest_parts + I>...> all(
      Ints<I...>);

 public:
  using types = decltype(all(Iota<Update::most_parts - Update::fewest_parts + 1>{}));
};

template <int Parts, class Update, class T>
void queue_update(const PhaseQueue& queue, const char* name, const UpdateCall<Update, T>& a) {
  Touches t;
  t.read(a.table, a.segments).read(a.g, a.size).read(a.factor, 1).read(a.result, 1);
  t.write(a.p, a.size).write(a.halted, 1).write(a.state, a.stride * Parts);
  queue.list->add(queue, name, ceil_div(a.size, update_stretch), UpdatePhase<Update, T, Parts>{a}, t);
}
template <class Update, class T>
void queue_norm(const PhaseQueue& queue, const NormCall<Update, T>& a) {
  Touches t;
  t.read(a.table, a.segments).read(a.g, a.size).write(a.parts, norm_blocks(a.size)).write(a.ticket, 1);
  queue.list->add(queue, "norm of gradients", norm_blocks(a.size), NormOfGradientsPhase<Update, T>{a},
                  t.write(a.clip, 1).write(a.result, 1));
}

}  // namespace ctnet::cuda
