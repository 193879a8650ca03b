// SPDX-License-Identifier: MIT
// The floor of all arithmetic: how many fp32 operations one core can do in a second, asked of the core itself.
#pragma once

#include <ctnet/backends/cpu/simd.hpp>

#include "worker.hpp"

#define CTNET_TARGET_FILE "bench/support/peak.inl"
#include <ctnet/backends/cpu/foreach_target.hpp>

namespace bench {

inline double peak_operations_per_second(double seconds) {
  volatile float factor = 0.5f, term = 1.0f;  // the sums tend to 2
  float result = 0;
  double operations = 0;
  const Rate rate =
      measure(seconds, [&] { operations = CTNET_PICK(multiply_adds<float>)(20000, factor, term, &result); });
  if (!(result > 0)) ctnet::fail("the chains of multiply-adds came to ", static_cast<double>(result));
  return operations * rate.per_second;
}

}  // namespace bench
