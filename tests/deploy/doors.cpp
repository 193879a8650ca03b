// SPDX-License-Identifier: MIT
// What a deployed network may be given: pieces of tensors, and what it gave itself.
#include <ctnet/ctnet.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <Eigen/Core>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <doctest/doctest.h>

#include "support/values.hpp"

using namespace ctnet;

namespace {
template <class V>
std::vector<float> copy(const V& v) {
  return {v.begin(), v.end()};
}

// Outputs as the next images: as if they had been copied first.
template <class Net, class Input, int Capacity, class B = Cpu<float>>
void own_outputs(const std::vector<int>& batches) {
  Network<Net, Input, B> network{Seed{3}};
  const auto made = deploy<Capacity>(network), other = deploy<Capacity>(network);
  constexpr std::size_t in = static_cast<std::size_t>(Input::shape.size());
  for (const int n : batches) {
    const auto x = test::values<float>("images", static_cast<std::size_t>(n) * in);
    const std::vector<float> y = copy((*other)(x, n));
    const auto given = (*made)(x, n);
    REQUIRE(copy(given) == y);
    const int again = static_cast<int>(std::min<std::size_t>(given.size() / in, Capacity));
    REQUIRE(again > 0);
    const std::vector<float> want = copy((*other)(y, again));
    CHECK(copy((*made)(given, again)) == want);
    if (given.size() < 2 * in) continue;  // not from the first on
    (*made)(x, n);
    (*other)(x, n);
    const std::vector<float> later = copy((*other)(std::span(y).subspan(in), 1));
    CHECK(copy((*made)(given.subspan(in), 1)) == later);
  }
}
}  // namespace

TEST_CASE("deploy: outputs may be the next images") {
  using Conv3 = Conv<3, 3, 3, Pad<1>>;
  own_outputs<Sequential<Conv3>, Image<3, 9, 7>, 5>({1, 2, 5});
  own_outputs<Sequential<Residual<Sequential<Conv3, ReLU, Conv3>>>, Image<3, 9, 7>, 5>({1, 2, 5});
  own_outputs<Sequential<Conv<3, 3, 1>, Tanh>, Image<3, 40, 40>, 40>({1, 40});
  own_outputs<Sequential<Conv<3, 3, 1>, Tanh>, Image<3, 40, 40>, 40, Cpu<float, OpenMP>>({1, 40});
  own_outputs<Sequential<Linear<3, 30>>, Features<3>, 64>({1, 5, 64});
  own_outputs<Sequential<Concat<ReLU, Sigmoid>>, Image<3, 9, 9>, 64>({1, 5, 64});
  own_outputs<Sequential<Linear<12, 3>>, Features<12>, 8>({4, 8});
  own_outputs<Sequential<Linear<6, 6>>, Features<6>, 1>({1});
  using Small = Context<Sequential<Linear<12, 3>>, Features<12>>;
  static_assert(Small::own_images == 0 && Small::arena_bytes < 512);  // no room for what cannot happen
}

TEST_CASE("deploy: a piece of a tensor is read where it begins; what is not one run is refused") {
  using Net = Sequential<Conv<2, 3, 3>>;
  using In = Image<2, 4, 4>;
  Network<Net, In> network{Seed{3}};
  const auto made = deploy<4>(network);
  xt::xtensor<float, 4> x({5, 2, 4, 4});
  const auto values = test::values<float>("images", x.size());
  std::copy(values.begin(), values.end(), x.begin());
  const std::vector<float> want = copy(network.predict(std::span(values).subspan(64, 64)));
  const auto same = [&](const auto& y) {
    REQUIRE(y.size() == want.size());
    return std::equal(y.begin(), y.end(), want.begin(), [](float a, float b) { return std::abs(a - b) < 1e-5f; });
  };
  CHECK(same((*made)(xt::view(x, xt::range(2, 4)), 2)));
  CHECK(same((*made)(std::span(values).subspan(64), 2)));
  CHECK(same((*made)({values.data() + 64, 64}, 2)));
  CHECK((*made)(xt::view(x, xt::range(4, 5)), 2).empty());  // one image
  static_assert(!std::is_invocable_v<decltype(*made), decltype(xt::view(x, xt::range(0, 4, 2))), int>);

  const auto state = network.state();
  xt::xtensor<float, 2> states({2, state.size()});
  std::copy(state.begin(), state.end(), states.begin() + static_cast<long>(state.size()));
  Weights<Net, In> weights;
  REQUIRE(weights.load(xt::view(states, 1)));
  Context<Net, In, Cpu<float>, 2> context;
  CHECK(same(context(weights, xt::view(x, xt::range(2, 4)), 2)));
}

TEST_CASE("deploy: one image in a vector or an array; what was not loaded says so") {
  using Net = Sequential<Conv<2, 3, 3>, Flatten, Linear<12, 5>>;
  using In = Image<2, 4, 4>;
  Network<Net, In> network{Seed{3}};
  const auto made = deploy<1>(network);
  const std::vector<float> x = test::values<float>("image", 32);
  std::array<float, 32> array;
  std::copy(x.begin(), x.end(), array.begin());
  const std::vector<float> want = copy((*made)(std::span<const float, 32>{x}));
  CHECK(copy((*made)(x)) == want);
  CHECK(copy((*made)(array)) == want);
  CHECK(copy((*made)(std::span(x))) == want);
  xt::xtensor<float, 3> tensor({2, 4, 4});
  std::copy(x.begin(), x.end(), tensor.begin());
  CHECK(copy((*made)(tensor)) == want);
  static_assert(decltype((*made)(array))::extent == 5);
  CHECK((*made)(std::vector<float>(31)).empty());
  CHECK((*made)(std::vector<float>(64)).empty());

  const auto fresh = make_deployed<Net, In>();
  CHECK(!fresh->loaded());
  CHECK(copy((*fresh)(x)) == std::vector<float>(5, 0.0f));
  CHECK(!fresh->load(std::vector<float>(3)));
  CHECK(!fresh->loaded());
  CHECK(fresh->load(network.state()));
  CHECK(fresh->loaded());
  CHECK(copy((*fresh)(x)) == want);
}
