// SPDX-License-Identifier: MIT
// The CPU backend, a policy: Cpu<float> (strict fp32) and Cpu<double>. Hot loops go through foreach_target.hpp and use
// the widest vectors the CPU reports, whatever flags the program was built with.
#pragma once

#include "../reference/reference.hpp"

namespace ctnet {

template <class T = float>
struct Cpu {
  using scalar = T;
  using fallback = Reference<T>;
  template <class U>
  using buffer = Buffer<U>;
};

}  // namespace ctnet
