// SPDX-License-Identifier: MIT
// Linear layers to try. Those of recorded() have PyTorch's numbers beside them.
#pragma once

#include <ctnet/layers/linear.hpp>

#include "../case.hpp"

namespace test::linear {

using namespace ctnet;
using Cases = std::vector<Case<LinearOp>>;

inline Cases recorded() {
  return {
      on<Linear<7, 5>>("linear/plain", {7}),     on<Linear<6, 3, NoBias>>("linear/no_bias", {6}),
      on<Linear<1, 1>>("linear/one", {1}),       on<Linear<1, 9>>("linear/one_in", {1}),
      on<Linear<13, 1>>("linear/one_out", {13}), on<Linear<33, 17>>("linear/odd", {33}),
  };
}

inline Cases wide() {
  return {
      on<Linear<400, 120>>("lenet 7", {400}),
      on<Linear<120, 84>>("lenet 9", {120}),
      on<Linear<84, 10>>("lenet 11", {84}),
      on<Linear<513, 257>>("513 to 257", {513}),
      on<Linear<64, 1000, NoBias>>("64 to 1000", {64}),
      on<Linear<2049, 3>>("2049 to 3", {2049}),
  };
}

inline Cases drawn(int count) {
  Cases cases;
  Random random{Seed{12}};
  for (int i = 0; i < count; ++i) {
    const int in = 1 + static_cast<int>(random.below(70)), out = 1 + static_cast<int>(random.below(70));
    const int bias = static_cast<int>(random.below(2));
    Case<LinearOp> c;
    c.name = "drawn " + std::to_string(in) + " to " + std::to_string(out) + (bias ? "" : ", no bias");
    c.op = {in, out, bias};
    c.in = {Shape{in}};
    c.out = Shape{out};
    c.parameters = i64{in} * out + (bias ? out : 0);
    c.traits = Linear<1, 1>::traits;
    cases.push_back(c);
  }
  return cases;
}

}  // namespace test::linear
