// SPDX-License-Identifier: MIT
#include "../parity.hpp"

#include "cases.hpp"

TEST_CASE("pools: PyTorch's numbers") {
  test::matches_pytorch(test::pool::recorded_max());
  test::matches_pytorch(test::pool::recorded_avg());
  test::matches_pytorch(test::pool::recorded_adaptive());
}
