// SPDX-License-Identifier: MIT
// What an error's sentence is strung together from.
#include <doctest/doctest.h>
#include <ctnet/core/error.hpp>

#include <cmath>
#include <limits>
#include <string>

#include "support/error.hpp"

TEST_CASE("a number in an error is the number that was given") {
  const auto said = [](auto number) { return test::error_of([&] { ctnet::fail(number); }); };
  CHECK(said(-1e-8) == "-1e-08");
  CHECK(said(0.1) == "0.1");
  CHECK(said(0.1f) == "0.1");
  CHECK(said(0.1 + 0.2) == "0.30000000000000004");
  CHECK(said(-0.0) == "-0");
  CHECK(said(1e300) == "1e+300");
  CHECK(said(std::numeric_limits<double>::denorm_min()) == "5e-324");
  CHECK(said(-std::numeric_limits<double>::max()) == "-1.7976931348623157e+308");
  CHECK(said(-std::nan("")) == "nan");
  CHECK(said(-HUGE_VALF) == "-inf");
  CHECK(said(std::numeric_limits<unsigned long long>::max()) == "18446744073709551615");
}
