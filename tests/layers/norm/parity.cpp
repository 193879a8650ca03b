// SPDX-License-Identifier: MIT
#include "../parity.hpp"

#include "cases.hpp"

TEST_CASE("batch norm: PyTorch's numbers") { test::matches_pytorch(test::norm::recorded()); }
