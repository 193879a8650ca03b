// SPDX-License-Identifier: MIT
// Deployed networks on threads give the bits of one thread, whether threads share a batch or an image.
#include <ctnet/backends/cpu/threads.hpp>
#include <ctnet/deploy.hpp>
#include <ctnet/layers.hpp>

#include <doctest/doctest.h>

#include "../support/values.hpp"

namespace {
using namespace ctnet;

template <int I, int O>
using Block = Sequential<Conv<I, O, 3, Pad<1>, NoBias>, BatchNorm<O>, ReLU>;
using Net =
    Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Block<6, 48>, Residual<Block<48, 48>>, MaxPool<2>,
               Conv<48, 48, 3, Groups<48>>, GELU, GlobalAvgPool, Flatten, Linear<48, 300>, ReLU, Linear<300, 10>>;
using In = Image<3, 40, 44>;

std::vector<float> floats(const char* name, std::size_t n, double scale) {
  const auto v = test::values(name, n, scale, scale);  // variances are positive
  return {v.begin(), v.end()};
}
}  // namespace

TEST_CASE("deploy: the same bits on any number of threads") {
  constexpr int capacity = 37;
  const auto state = floats("state", static_cast<std::size_t>(Analysis<Net, In>::state_size), 0.2);
  const auto x = floats("x", static_cast<std::size_t>(capacity * In::shape.size()), 1);
  const auto plain = make_deployed<Net, In, Cpu<float>, capacity>();
  const auto threaded = make_deployed<Net, In, Cpu<float, OpenMP>, capacity>();
  REQUIRE(plain->load(state));
  REQUIRE(threaded->load(state));
  const int before = get_num_threads();
  for (const int batch : {1, 2, 3, 16, capacity}) {
    const auto y = (*plain)(x, batch);
    const std::vector<float> want(y.begin(), y.end());
    for (const int threads : {1, 2, 3, 5, 20}) {
      set_num_threads(threads);
      const auto got = (*threaded)(x, batch);
      CHECK_MESSAGE(std::vector<float>(got.begin(), got.end()) == want, batch, " images on ", threads, " threads");
    }
  }
  set_num_threads(before);
}
