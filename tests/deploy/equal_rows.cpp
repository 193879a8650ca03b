// SPDX-License-Identifier: MIT
// One order of sums for all outputs of a layer: equal rows of weights give equal bits, whatever remainders of vectors,
// tiles and batches an output falls into; so do equal images of a batch. Training's kernels and deployment's.
#include <ctnet/deploy.hpp>
#include <ctnet/layers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "../support/targets.hpp"
#include "../support/values.hpp"

namespace {
using namespace ctnet;

constexpr int images = 7;

// values: (images, channels, plane)
template <class Values>
void check_equal(const std::string& what, const Values& values, i64 channels, i64 plane) {
  int channel = 0, image = 0;
  for (i64 i = 0; i < images * channels * plane; ++i) {
    const i64 p = i % plane;
    channel += values[static_cast<std::size_t>(i)] !=
               values[static_cast<std::size_t>(i / (channels * plane) * channels * plane + p)];
    image += values[static_cast<std::size_t>(i)] != values[static_cast<std::size_t>(i % (channels * plane))];
  }
  CHECK_MESSAGE(channel == 0, what, ": ", channel, " values differ from those of the first output");
  CHECK_MESSAGE(image == 0, what, ": ", image, " values differ from those of the first image");
}

template <class Layer, class In, class B>
void check_on(const std::string& name) {
  using T = typename B::scalar;
  using Net = Sequential<Layer>;
  constexpr Shape out = Analysis<Net, In>::output;
  const i64 channels = out.d[0], plane = out.size() / channels;
  std::vector<T> state(static_cast<std::size_t>(Analysis<Net, In>::state_size)), x;
  const std::size_t rows = static_cast<std::size_t>(channels), row = state.size() / rows - 1;
  const auto w = test::values("row", row, 0.5), v = test::values("x", static_cast<std::size_t>(In::shape.size()), 1);
  for (std::size_t i = 0; i < state.size(); ++i) state[i] = i < rows * row ? static_cast<T>(w[i % row]) : T(0.3);
  for (int n = 0; n < images; ++n)
    for (const double value : v) x.push_back(static_cast<T>(value));
  test::on_every_target<B>([&](const std::string& target) {
    const std::string where = name + ", " + target;
    if constexpr (!requires { B::bf16; }) {
      Network<Net, In, B> net;
      net.load_state(state);
      const std::vector<T> y = net.predict(x);
      check_equal(where + ", network", y, channels, plane);
      for (const int batch : {1, 2, 3}) {
        const std::vector<T> some =
            net.predict(std::span<const T>{x}.first(v.size() * static_cast<std::size_t>(batch)));
        CHECK_MESSAGE(std::equal(some.begin(), some.end(), y.begin()), where, ": a batch of ", batch);
      }
    }
    if constexpr (sizeof(T) == 4) {
      const auto deployed = make_deployed<Net, In, B, images>();
      REQUIRE(deployed->load(state));
      check_equal(where + ", deployed", (*deployed)(x, images), channels, plane);
    }
  });
}

template <class Layer, class In>
void check(const std::string& name) {
  check_on<Layer, In, Cpu<float>>(name);
  check_on<Layer, In, Cpu<bfloat16>>(name + ", bfloat16");
  check_on<Layer, In, Cpu<double>>(name + ", double");
}
}  // namespace

TEST_CASE("deploy, layers: equal rows of weights give equal bits") {
  check<Linear<83, 104>, Features<83>>("Linear<83, 104>");
  check<Linear<530, 21>, Features<530>>("Linear<530, 21>");
  check<Conv<5, 37, 3, Pad<1>>, Image<5, 9, 11>>("Conv<5, 37, 3>");
  check<Conv<37, 53, 1>, Image<37, 7, 6>>("Conv<37, 53, 1>");
  check<Conv<3, 9, 5>, Image<3, 25, 27>>("Conv<3, 9, 5>");
  check<Conv<32, 37, 3, Pad<1>>, Image<32, 14, 15>>("Conv<32, 37, 3>");
  check_on<Conv<32, 37, 3, Pad<1>>, Image<32, 14, 15>, Cpu<float, Exact>>("Conv<32, 37, 3>, Exact");
  check<Conv<16, 44, 3, Stride<2>>, Image<16, 13, 12>>("Conv<16, 44, 3, Stride<2>>");
}
