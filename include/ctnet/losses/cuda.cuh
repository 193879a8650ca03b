// SPDX-License-Identifier: MIT
// Losses on the GPU: DeviceLoss<Loss, T> is made from a loss's options and queues value and gradient, one launch (two
// where labels are many), always the same for the same extents. It neither waits nor allocates after it was made.
//   check(shape of the logits, targets in host memory)       throws what the loss throws on the CPU
//   queue(queue, extents, logits, targets, gradient or null, result, scratch)      all in the device's memory;
//       a Queue, or a PhaseQueue with cuda_phase.cuh
// Rows that count and rows that are right are told for class labels of whole images (S = 1), else 0.
#pragma once

#include "../losses.hpp"
#include "cuda_elements.cuh"
#include "cuda_rows.cuh"

namespace ctnet::cuda {

// A loss whose targets are numbers, one for each of the logits.
template <class Loss, class T>
class DeviceLoss {
 public:
  using target = T;

  explicit DeviceLoss(const Loss& loss) : loss_(loss), elements_(loss) {}
  template <class Targets>
  void check(const View<const T>& like, const Targets& targets) const {
    loss_.check(like, targets);
  }
  i64 scratch(LossExtents) const { return loss_scratch<T>(); }
  template <class Q>
  void queue(const Q& queue, LossExtents d, const T* logits, const target* targets, T* gradient, StepResult* result,
             T* scratch) const {
    const double whole = static_cast<double>(d.n * d.c * d.s) * elements_.divisor;
    queue_elements(queue, loss_.name, elements_.function(d, whole), logits, targets, gradient, d, whole,
                   loss_parts(scratch, ticket_.data(), result));
  }

 private:
  Loss loss_;
  LossElements<Loss, T> elements_;
  LossTicket ticket_;
};

template <class T>
class DeviceLoss<CrossEntropy, T> {
 public:
  using target = int;

  explicit DeviceLoss(const CrossEntropy& loss) : loss_(loss), weight_(loss.class_weights) {
    if (loss.ignore_index != static_cast<int>(loss.ignore_index))
      fail(loss.name, ": ignore_index is ", loss.ignore_index, ", which no label on the GPU (int) is");
    for (const float w : loss.class_weights) weights_ += static_cast<double>(w);
  }
  template <class Targets>
  void check(const View<const T>& like, const Targets& targets) const {
    loss_.check(like, targets);
  }
  i64 scratch(LossExtents) const { return loss_scratch<T>(); }
  template <class Q>
  void queue(const Q& queue, LossExtents d, const T* logits, const target* labels, T* gradient, StepResult* result,
             T* scratch) const {
    const bool weighted = weight_.size() > 0;
    const CrossEntropyCall<T> call{logits,
                                   labels,
                                   gradient,
                                   static_cast<i64>(d.n * d.s),
                                   static_cast<i64>(d.s),
                                   loss_.ignore_index,
                                   static_cast<int>(d.c),
                                   weighted ? weight_.data() : nullptr,
                                   weighted ? weights_ : static_cast<double>(d.c),
                                   loss_.label_smoothing,
                                   0};
    queue_rows(queue, call, loss_parts(scratch, ticket_.data(), result));
  }

 private:
  CrossEntropy loss_;
  LossNumbers weight_;
  LossTicket ticket_;
  double weights_ = 0;
};

}  // namespace ctnet::cuda
