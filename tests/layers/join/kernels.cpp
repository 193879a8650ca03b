// SPDX-License-Identifier: MIT
#include "../conformance.hpp"
#include "cases.hpp"

using namespace test;
using join::concats;
using join::sums;

TEST_CASE("add: every backend against the plain loops in double") { conforms_everywhere(sums()); }
TEST_CASE("concat: every backend against the plain loops in double") { conforms_everywhere(concats()); }
TEST_CASE("joins: gradients by central differences") {
  gradients_are_right(sums());
  gradients_are_right(concats());
}
