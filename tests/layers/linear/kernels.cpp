// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

TEST_CASE("linear: every backend against the plain loops in double") {
  test::conforms_everywhere(test::linear::recorded(), {1, 3, 7, 16, 37});
}
TEST_CASE("linear: sizes of real networks on every backend") { test::conforms_everywhere(test::linear::wide()); }
TEST_CASE("linear: sizes drawn at random") { test::conforms_everywhere(test::linear::drawn(60), {1, 4, 9}); }
TEST_CASE("linear: gradients by central differences") { test::gradients_are_right(test::linear::recorded()); }
