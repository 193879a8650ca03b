// SPDX-License-Identifier: MIT
// Two thousand layers are within every compiler's limits as they stand: constant steps, depth of templates, brackets.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include <ctnet/deploy.hpp>
#include <ctnet/layers.hpp>

namespace {
using namespace ctnet;

template <int C>
struct Block : Sequential<Residual<Sequential<Conv<C, C, 1, NoBias>, BatchNorm<C>, ReLU, Conv<C, C, 1>>>, ReLU> {};
template <class>
struct Chain;
template <int... K>  // 1 + 6 layers each + 3
struct Chain<std::integer_sequence<int, K...>>
    : Sequential<Conv<1, 16, 1>, Block<16 + 0 * K>..., GlobalAvgPool, Flatten, Linear<16, 2>> {};

// A flat one, of layers that are all different, their maps long-lived in part.
template <class>
struct Flat;
template <int... K>
struct Flat<std::integer_sequence<int, K...>>
    : Sequential<Tap<"start">, std::conditional_t<K % 2 == 1, Tanh, Linear<3 + K / 2, 4 + K / 2>>...> {};

using Deep = Chain<std::make_integer_sequence<int, 333>>;
using Wide = Flat<std::make_integer_sequence<int, 2000>>;
static_assert(Analysis<Deep, Image<1, 2, 2>>::layers.size() == 2002);
static_assert(Analysis<Deep, Image<1, 2, 2>>::inference_bytes == 4 * 3 * 64);
static_assert(Analysis<Wide, Features<3>>::output == Shape{1003});

}  // namespace

TEST_CASE("two thousand layers train a step and run deployed") {
  Network<Deep, Image<1, 2, 2>> net{Seed{1}};
  const std::vector<float> x{0.5f, -1, 2, 0};
  net.backward(std::vector<float>(net.forward(x).size(), 1.0f));
  CHECK(net.gradients()[0] == net.gradients()[0]);
  const auto deployed = deploy(net);
  const auto y = net.predict(x);
  const auto z = (*deployed)(std::span<const float, 4>{x});
  REQUIRE(z.size() == y.size());
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(z[i] == doctest::Approx(y[i]).epsilon(1e-3));
}
