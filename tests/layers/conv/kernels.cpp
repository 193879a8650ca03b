// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

TEST_CASE("conv: every option on every backend, against the plain loops in double") {
  test::conforms_everywhere(test::conv::recorded());
}
TEST_CASE("conv: sizes of real networks on every backend") {
  test::conforms<test::Cpu<float>>(test::conv::wide(), {1, 3});
  test::conforms<test::Cpu<double>>(test::conv::wide(), {2});
}
TEST_CASE("conv: options and sizes drawn at random") { test::conforms_everywhere(test::conv::drawn(150), {2}); }
TEST_CASE("conv: gradients by central differences") { test::gradients_are_right(test::conv::recorded()); }
