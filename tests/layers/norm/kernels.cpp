// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

TEST_CASE("batch norm: every backend against the plain loops in double") {
  test::conforms_everywhere(test::norm::recorded(), {1, 3, 7});
}
TEST_CASE("batch norm: sizes of real networks on every backend") {
  test::conforms_everywhere(test::norm::wide(), {1, 3, 8});
}
TEST_CASE("batch norm: gradients by central differences") {
  test::gradients_are_right(test::norm::recorded(), {1, 3, 5});
}
