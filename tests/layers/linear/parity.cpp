// SPDX-License-Identifier: MIT
#include "../parity.hpp"

#include "cases.hpp"

TEST_CASE("linear: PyTorch's numbers") { test::matches_pytorch(test::linear::recorded()); }
