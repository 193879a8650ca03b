// SPDX-License-Identifier: MIT
// Losses as phases of a persistent kernel: the kernels' bodies, for as many blocks as there are rows or numbers for;
// one block where a batch is small, so that nobody waits for another.
#pragma once

#include "../backends/cuda/phase_list.cuh"
#include "cuda.cuh"

namespace ctnet::cuda {

static_assert(crew_threads == row_threads && crew_threads == element_threads);

__device__ inline LossBlocks loss_blocks(const Crew& crew) {
  return {static_cast<unsigned>(crew.block), static_cast<unsigned>(crew.blocks)};
}

template <class T>
struct LabelWeightsPhase {
  CrossEntropyCall<T> a;
  LossParts parts;
  __device__ void operator()(const Crew& crew) const {
    for (int i = crew.block; i < static_cast<int>(a.weight_blocks); i += crew.blocks)
      label_weights(a, parts, static_cast<unsigned>(i));
  }
};
template <class T, int Lanes>
struct CrossEntropyPhase {
  CrossEntropyCall<T> a;
  LossParts parts;
  __device__ void operator()(const Crew& crew) const { cross_entropy<T, Lanes>(a, parts, loss_blocks(crew)); }
};
template <class F, class T>
struct ElementsPhase {
  F f;
  const T *x, *y;
  T* g;
  i64 n;
  double whole;
  LossParts parts;
  __device__ void operator()(const Crew& crew) const { elements(f, x, y, g, n, whole, parts, loss_blocks(crew)); }
};

// The types of phases of a loss of (N, Classes, Plane).
template <class Loss, class T, int Classes, int Plane>
struct LossPhases;
template <class T, int Classes, int Plane>
struct LossPhases<CrossEntropy, T, Classes, Plane> {
  using types = PhaseTypes<LabelWeightsPhase<T>, CrossEntropyPhase<T, row_lanes(Classes, Plane)>>;
};
template <class T, int Classes, int Plane>
struct LossPhases<NLLLoss, T, Classes, Plane> : LossPhases<CrossEntropy, T, Classes, Plane> {};
template <class T, int Classes, int Plane>
struct LossPhases<MeanSquaredError, T, Classes, Plane> {
  using types = PhaseTypes<ElementsPhase<SquaredError<T>, T>>;
};
template <class T, int Classes, int Plane>
struct LossPhases<SmoothL1, T, Classes, Plane> {
  using types = PhaseTypes<ElementsPhase<SmoothL1Of<T>, T>>;
};
template <class T, int Classes, int Plane>
struct LossPhases<BinaryCrossEntropyWithLogits, T, Classes, Plane> {
  using types = PhaseTypes<ElementsPhase<BceWithLogitsOf<T>, T>>;
};

inline Touches& along(Touches& t, const LossParts& parts) {
  return t.write(parts.value, 3 * most_loss_blocks).write(parts.ticket, 1).write(parts.result, 1);
}

template <class T>
void queue_rows(const PhaseQueue& queue, CrossEntropyCall<T> a, const LossParts& parts) {
  const i64 logits = a.rows * a.classes;
  if (!queue.list->countable(queue, logits)) return;
  Touches t;
  t.read(a.x, logits).read(a.weight, a.classes);
  a.soft ? t.read(a.soft, logits) : t.read(a.y, a.rows);
  if (a.rows > most_labels && !a.soft) {
    a.weight_blocks = weight_blocks;
    queue.list->add(queue, "weights of labels", weight_blocks, LabelWeightsPhase<T>{a, parts},
                    Touches(t).write(parts.weight, weight_blocks));
  }
  along(t.write(a.g, logits), parts);
  const int lanes = row_lanes(a.classes, a.plane);
  const i64 blocks = std::min(ceil_div(a.rows * lanes, row_threads), most_loss_blocks);
  if (lanes == 1)
    queue.list->add(queue, "cross entropy", blocks, CrossEntropyPhase<T, 1>{a, parts}, t);
  else if (lanes == 8)
    queue.list->add(queue, "cross entropy", blocks, CrossEntropyPhase<T, 8>{a, parts}, t);
  else
    queue.list->add(queue, "cross entropy", blocks, CrossEntropyPhase<T, 32>{a, parts}, t);
}

template <class F, class T>
void queue_elements(const PhaseQueue& queue, const char* name, const F& f, const T* x, const T* y, T* g, LossExtents d,
                    double whole, const LossParts& parts) {
  const auto n = static_cast<i64>(d.n * d.c * d.s);
  Touches t;
  t.read(x, n).read(y, n).write(g, n);
  queue.list->add(queue, name, std::min(ceil_div(n, element_threads * element_each), most_loss_blocks),
                  ElementsPhase<F, T>{f, x, y, g, n, whole, parts}, along(t, parts));
}

}  // namespace ctnet::cuda
