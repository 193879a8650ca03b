// SPDX-License-Identifier: MIT
// Threads: the numbers of the backend without, up to rounding, and where no sums are involved bit by bit.
#include <string>
#include <vector>

#include <ctnet/ctnet.hpp>

#include "../support/compare.hpp"
#include "threaded.hpp"

using namespace ctnet;
using namespace test;

TEST_CASE("threads: logits, gradients and statistics of plain loops over the whole batch, in double") {
  const RestoreThreads restore;
  set_num_threads(3);
  for (const std::size_t batch : {2u, 3u, 7u, 33u, 64u, 140u}) {
    const std::string what = "batch " + std::to_string(batch);
    MixedOn<Cpu<double>> plain{Seed{1}};
    MixedOn<Cpu<double, OpenMP>> threaded{Seed{1}};
    MixedOn<Reference<double>> whole{Seed{1}};  // never cut
    REQUIRE(threaded.engine().training_chunks(batch) >= 2);
    const auto x = random_numbers<double>(batch * 768, 2), g = random_numbers<double>(batch * 10, 3);
    for (int i = 0; i < 2; ++i) {  // the second adds to the gradients of the first
      const auto y = whole.forward(x);
      check_close(threaded.forward(x), y, 1e-11, what + ": logits");
      check_close(plain.forward(x), y, 1e-11, what + ": logits, one thread");
      const auto grad = whole.backward_to_input(g);
      check_close(threaded.backward_to_input(g), grad, 1e-10, what + ": input's gradient");
      check_close(plain.backward_to_input(g), grad, 1e-10, what + ": input's gradient, one thread");
    }
    check_close(threaded.gradients(), whole.gradients(), 1e-10, what + ": gradients");
    check_close(plain.gradients(), whole.gradients(), 1e-10, what + ": gradients, one thread");
    check_close(threaded.statistics(), whole.statistics(), 1e-12, what + ": statistics");
    check_close(plain.statistics(), whole.statistics(), 1e-12, what + ": statistics, one thread");
    const std::vector<float> single(x.begin(), x.end());
    check_close(threaded.predict(single), plain.predict(single), 1e-11, what + ": predict of another type");
  }
}

TEST_CASE("threads: dropout's mask is that of the whole batch") {
  const RestoreThreads restore;
  set_num_threads(2);
  using Masks = Sequential<Dropout<30>, Flatten, Dropout<>>;
  Network<Masks, Image<3, 63, 65>, Cpu<float, OpenMP>> threaded{Seed{4}};
  Network<Masks, Image<3, 63, 65>> plain{Seed{4}};
  const std::size_t batch = 201, one = 3 * 63 * 65;  // chunks do not begin where four numbers of a draw do
  REQUIRE(threaded.engine().training_chunks(batch) > 1);
  const std::vector<float> x(batch * one, 1.0f);
  check_same_bits(threaded.forward(x), plain.forward(x), "forward");
  check_same_bits(threaded.backward_to_input(x), plain.backward_to_input(x), "backward");
}

TEST_CASE("threads: networks of nothing, and of views") {
  const RestoreThreads restore;
  set_num_threads(2);
  const auto check = [](auto net) {
    const auto x = random_numbers<float>(201 * 12'285, 6);
    REQUIRE(net.engine().predict_chunks(201) > 1);
    check_same_bits(net.predict(x), x, "predict");
    check_same_bits(net.forward(x), x, "forward");
    check_same_bits(net.backward_to_input(x), x, "backward");
    const std::vector<double> wide(x.begin(), x.end());
    check_same_bits(net.predict(wide), x, "predict of doubles");
  };
  check(Network<Sequential<>, Image<3, 63, 65>, Cpu<float, OpenMP>>{Seed{1}});
  check(Network<Sequential<Flatten>, Image<3, 63, 65>, Cpu<float, OpenMP>>{Seed{1}});
}
