// SPDX-License-Identifier: MIT
// Dropout to try: several probabilities, sizes around multiples of four.
#pragma once

#include <ctnet/layers/dropout.hpp>

#include "../case.hpp"

namespace test::dropout {

using ctnet::Dropout;

inline std::vector<Case<ctnet::DropoutOp>> cases() {
  return {
      on<Dropout<>>("dropout/half", {3, 5, 7}),
      on<Dropout<20>>("dropout/fifth", {11}),
      on<Dropout<1, 3>>("dropout/third", {2, 3, 3}),
      on<Dropout<0>>("dropout/none", {5}),
      on<Dropout<99>>("dropout/nearly_all", {2, 3, 33}),
      on<Dropout<>>("dropout/one", {1}),
      on<Dropout<>>("dropout/1001", {1001}),
  };
}

}  // namespace test::dropout
