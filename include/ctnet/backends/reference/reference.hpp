// SPDX-License-Identifier: MIT
// The backend of plain loops: the definition of every operation, in any scalar. Oracle of the other backends' kernels,
// gradient check, and what a new backend falls back to.
#pragma once

#include "../../core/buffer.hpp"
#include "../kernel.hpp"

namespace ctnet {

template <class T = double>
struct Reference {
  using scalar = T;
  using fallback = NoBackend;
  template <class U>
  using buffer = Buffer<U>;
};

}  // namespace ctnet
