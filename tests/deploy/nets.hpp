// SPDX-License-Identifier: MIT
// Networks that between them take every path of deployment, and the check that each gives what its training twin's
// evaluation mode does, in double.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/deploy.hpp>
#include <ctnet/layers.hpp>

#include "../support/targets.hpp"
#include "../support/values.hpp"

namespace test {

using namespace ctnet;

// Random parameters of a size that keeps activations near 1; running variances positive.
template <class Net, class In>
std::vector<double> state_of(const std::string& name) {
  std::vector<double> state;
  for (const TensorPlace& t : Network<Net, In, Reference<double>>::tensors()) {
    const auto n = static_cast<std::size_t>(t.spec.size());
    const bool scale = t.spec.role == TensorRole::running_var || t.spec.init == Init::ones;
    const double size = t.spec.fan_in > 0 ? 1.5 / std::sqrt(t.spec.fan_in) : 0.4;
    for (const double v : values(name + std::to_string(t.leaf) + ctnet::name(t.spec.role), n, size, scale ? 1 : 0))
      state.push_back(static_cast<float>(v));
  }
  return state;
}

// The distance of two vectors over the length of the second.
template <class A>
double distance(const A& got, const std::vector<double>& want) {
  double d = 0, n = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double e = static_cast<double>(got[i]) - want[i];
    d += e * e;
    n += want[i] * want[i];
  }
  return std::sqrt(d) / (std::sqrt(n) + 1e-30);
}

template <class Net, class In, class B, int Capacity>
void deployed_is_like_predict(const std::string& name, double bound) {
  using T = typename B::scalar;
  const auto state = state_of<Net, In>(name);
  Network<Net, In, Reference<double>> network;
  network.load_state(state);
  auto deployed = make_deployed<Net, In, B, Capacity>();
  CHECK_FALSE(deployed->load(std::vector<T>(state.size() + 1)));
  CHECK_FALSE(deployed->loaded());
  const std::vector<T> own(state.begin(), state.end());
  for (const int batch : {1, Capacity, (Capacity + 1) / 2}) {
    const auto images = values(name + ".x", static_cast<std::size_t>(batch * In::shape.size()), 1.0);
    const auto y = network.predict(images);
    const std::vector<double> want(y.data(), y.data() + y.size());
    const std::vector<T> x(images.begin(), images.end());
    on_every_target<B>([&](const std::string& target) {
      REQUIRE(deployed->load(own));
      const std::string what = name + ", batch " + std::to_string(batch) + ", " + target;
      INFO(what);
      const auto got = (*deployed)(x, batch);
      REQUIRE(got.size() == want.size());
      CHECK(distance(got, want) < bound);
      const std::vector<T> first(got.begin(), got.end());
      const auto again = (*deployed)(x, batch);
      CHECK(std::vector<T>(again.begin(), again.end()) == first);
      const auto one = (*deployed)(std::span<const T, static_cast<std::size_t>(In::shape.size())>(
          x.data(), static_cast<std::size_t>(In::shape.size())));
      CHECK(distance(one, std::vector<double>(want.begin(), want.begin() + static_cast<long>(one.size()))) < bound);
    });
  }
  CHECK((*deployed)(std::span<const T>{}, 1).empty());
  const std::vector<T> many(static_cast<std::size_t>((Capacity + 1) * In::shape.size()));
  CHECK((*deployed)(many, Capacity + 1).empty());
  CHECK((*deployed)(many, 0).empty());
}

template <class Net, class In, int Capacity = 3>
void deploys(const std::string& name) {
  deployed_is_like_predict<Net, In, Cpu<float>, Capacity>(name, 2e-5);
}

}  // namespace test
