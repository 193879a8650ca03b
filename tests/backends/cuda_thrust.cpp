// SPDX-License-Identifier: MIT
// Passes by Thrust on its host system, without nvcc and without a GPU. Built with CUDA's headers at hand.
#include <doctest/doctest.h>

#if __has_include(<thrust/version.h>)
#  ifndef THRUST_DEVICE_SYSTEM
#    define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#  endif
#  include "thrust_passes.hpp"

TEST_CASE("passes by Thrust on the host against plain loops") {
  const test::OnHost host;
  test::Passes<float, test::OnHost>(host).all();
  test::Passes<double, test::OnHost>(host).all();
}
#else
TEST_CASE("passes by Thrust on the host against plain loops") { MESSAGE("skipped: no Thrust"); }
#endif
