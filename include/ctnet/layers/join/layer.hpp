// SPDX-License-Identifier: MIT
// The operations that containers end with: Add (Residual, AddTap) and ConcatChannels (Concat, ConcatTap). They take
// several values, so containers place them (program/containers.hpp); a user does not write them.
#pragma once

#include "../layer.hpp"
#include "op.hpp"

namespace ctnet {

struct Add : NoState {
  using Op = AddOp;
  static constexpr Traits traits{.role = Role::join, .join = Join::sum};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr AddOp op(Shape, Shape out) { return {2, static_cast<int>(out.size())}; }
};

struct ConcatChannels : NoState {
  using Op = ConcatOp;
  static constexpr Traits traits{};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr ConcatOp op(Shape, Shape out) { return {0, static_cast<int>(out.plane()), {}}; }
};

}  // namespace ctnet
