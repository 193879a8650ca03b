// SPDX-License-Identifier: MIT
// tests/emulated/run.sh runs the tests on CPUs that lack instructions and says what must be chosen there.
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include <ctnet/backends/cpu/machine.hpp>

TEST_CASE("cpu: the target that this machine should take") {
  const char* want = std::getenv("CTNET_EXPECTED_TARGET");
  if (!want) return;
  CHECK(std::string(ctnet::cpu::name(ctnet::cpu::target())) == want);
}
