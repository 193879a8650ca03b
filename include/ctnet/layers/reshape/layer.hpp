// SPDX-License-Identifier: MIT
// Flatten: (C, H, W) -> (C H W). The same memory under another shape; nothing is computed.
#pragma once

#include "../layer.hpp"

namespace ctnet {

struct NoOp {  // of layers without a kernel
  int nothing_to_do;
};

struct Flatten : NoState {
  using Op = NoOp;
  static constexpr Traits traits{.alias = true};
  static constexpr Shape infer(Shape in, Diagnosis&) { return {static_cast<int>(in.size())}; }
  static constexpr NoOp op(Shape, Shape) { return {}; }
};

}  // namespace ctnet
