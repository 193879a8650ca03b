// SPDX-License-Identifier: MIT
#include "../parity.hpp"

#include "cases.hpp"

TEST_CASE("conv: PyTorch's numbers") { test::matches_pytorch(test::conv::recorded()); }
