// SPDX-License-Identifier: MIT
// Passes by Thrust on a GPU, and on the host as nvcc compiles them. An emulated device runs no kernels of Thrust.
#include <doctest/doctest.h>

#ifndef CTNET_EMULATED_DEVICE
#  include <thrust/system/cuda/execution_policy.h>

#  include "../support/device_memory.hpp"
#  include "thrust_passes.hpp"

namespace {

struct OnGpu {
  template <class T>
  struct Block : test::DeviceBlock<T> {
    explicit Block(const std::vector<T>& v) : test::DeviceBlock<T>(v, test::Flush::end) {}
  };
  auto policy() const { return thrust::cuda::par_nosync.on(stream.get()); }
  test::TestStream stream;
};

}  // namespace

TEST_CASE("passes by Thrust on the GPU against plain loops") {
  const OnGpu gpu;
  test::Passes<float, OnGpu>(gpu).all();
}
TEST_CASE("passes by Thrust on the host, compiled by nvcc, against plain loops") {
  const test::OnHost host;
  test::Passes<float, test::OnHost>(host).all();
}
#endif
