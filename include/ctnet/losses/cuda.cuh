// SPDX-License-Identifier: MIT
// Losses on the GPU: DeviceLoss<Loss, T> is made from a loss's options and queues value and gradient, one launch (two
// where labels are many), always the same for the same extents. It neither waits nor allocates after it was made.
//   check(shape of the logits, targets in host memory)       throws what the loss throws on the CPU
//   queue(queue, extents, logits, targets, gradient or null, result, scratch)      all in the device's memory;
//       a Queue, or a PhaseQueue with cuda_phase.cuh
// targets: of type `target`; CrossEntropy takes class probabilities of T as well. The result's value is the mean,
// whatever the loss's reduction, which is the gradient's. Rows that count and rows that are right are told for class
// labels of whole images (S = 1), else 0.
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
    const double over = loss_.reduction == Reduction::mean ? whole : elements_.divisor;
    queue_elements(queue, loss_.name, elements_.function(d, over), logits, targets, gradient, d, whole,
                   loss_parts(scratch, ticket_.data(), result));
  }

 private:
  Loss loss_;
  LossElements<Loss, T> elements_;
  LossTicket ticket_;
};

// The losses of class labels.
template <class Loss, class T>
class DeviceRowLoss {
 public:
  using target = int;

  explicit DeviceRowLoss(const Loss& loss) : loss_(loss), weight_(loss.class_weights) {
    if (loss.ignore_index != static_cast<int>(loss.ignore_index))
      fail(loss.name, ": ignore_index is ", loss.ignore_index, ", which no label on the GPU (int) is");
    detail::check_weights(loss.name, "class_weights", loss.class_weights);
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
    CrossEntropyCall<T> call = call_of(d, logits, gradient);
    call.y = labels;
    queue_rows(queue, call, loss_parts(scratch, ticket_.data(), result));
  }
  template <class Q>
    requires TakesProbabilities<Loss>
  void queue(const Q& queue, LossExtents d, const T* logits, const T* probabilities, T* gradient, StepResult* result,
             T* scratch) const {
    CrossEntropyCall<T> call = call_of(d, logits, gradient);
    call.soft = probabilities;
    queue_rows(queue, call, loss_parts(scratch, ticket_.data(), result));
  }

 private:
  CrossEntropyCall<T> call_of(LossExtents d, const T* logits, T* gradient) const {
    const bool weighted = weight_.size() > 0;
    CrossEntropyCall<T> call{};
    call.x = logits;
    call.g = gradient;
    call.rows = static_cast<i64>(d.n * d.s);
    call.plane = static_cast<i64>(d.s);
    call.ignore = loss_.ignore_index;
    call.classes = static_cast<int>(d.c);
    call.weight = weighted ? weight_.data() : nullptr;
    call.weights = weighted ? weights_ : static_cast<double>(d.c);
    call.mean = loss_.reduction == Reduction::mean;
    call.softmax = requires { loss_.label_smoothing; };
    if constexpr (requires { loss_.label_smoothing; }) call.smoothing = loss_.label_smoothing;
    return call;
  }

  Loss loss_;
  LossNumbers weight_;
  LossTicket ticket_;
  double weights_ = 0;
};
template <class T>
class DeviceLoss<CrossEntropy, T> : public DeviceRowLoss<CrossEntropy, T> {
  using DeviceRowLoss<CrossEntropy, T>::DeviceRowLoss;
};
template <class T>
class DeviceLoss<NLLLoss, T> : public DeviceRowLoss<NLLLoss, T> {
  using DeviceRowLoss<NLLLoss, T>::DeviceRowLoss;
};

}  // namespace ctnet::cuda
