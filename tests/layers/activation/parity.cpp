// SPDX-License-Identifier: MIT
#include "../parity.hpp"

#include "cases.hpp"

TEST_CASE("activations: PyTorch's numbers") {
  test::matches_pytorch(test::activation::recorded());
  test::matches_pytorch(test::activation::recorded_softmax());
}
