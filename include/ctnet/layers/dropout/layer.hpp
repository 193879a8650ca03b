// SPDX-License-Identifier: MIT
// Dropout<P>: PyTorch's Dropout (Srivastava et al. 2014); does nothing in predict.
#pragma once

#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

// Zeroes a value with probability Numerator / Denominator and scales the others by 1 / (1 - p). Dropout<> is PyTorch's
// 0.5, Dropout<20> is 0.2, Dropout<1, 3> a third. The mask is a function of seed, step, layer and element.
template <int Numerator = 50, int Denominator = 100>
struct Dropout : NoState {
  using Op = DropoutOp;
  static constexpr Traits traits{.in_place = true, .training_only = true};
  static constexpr Shape infer(Shape in, Diagnosis& d) {
    if (Denominator < 1 || Numerator < 0 || Numerator >= Denominator)
      d.blame(FaultKind::probability, {}, {}, Numerator, Denominator);
    return in;
  }
  static constexpr DropoutOp op(Shape in, Shape) { return {static_cast<int>(in.size()), Numerator, Denominator}; }
};

}  // namespace ctnet
