// SPDX-License-Identifier: MIT
// Ema: the average of weights over steps by its definition, and as a part of fit that a resumed run goes on with.
#include <ctnet/ctnet.hpp>

#include <algorithm>
#include <cmath>

#include "io/temporary.hpp"
#include "problems.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Net = Network<Sequential<Conv<1, 4, 3>, BatchNorm<4>, ReLU, Flatten, Linear<64, 4>>, Image<1, 6, 6>>;

auto images() {
  return data::Loader{test::pictures(40), data::Compose{}, {.batch_size = 8, .shuffle = true, .seed = 2}};
}

}  // namespace

TEST_CASE("an average follows the weights; statistics are copied or follow too") {
  for (const bool warm_up : {false, true})
    for (const bool use_buffers : {false, true}) {
      Net net{Seed{1}};
      Ema average{net, {.decay = 0.75, .warm_up = warm_up, .use_buffers = use_buffers}};
      CHECK(same_bits(average.network().state(), net.state()));
      Random random{Seed{3}, 1};
      std::vector<double> p, s;
      for (int i = 0; i < 12; ++i) {
        for (float& v : net.parameters()) v = static_cast<float>(random.uniform(-1, 1));
        for (float& v : net.statistics()) v = static_cast<float>(random.uniform(0, 1));
        average.update(net);
        const double decay = i == 0 ? 0 : warm_up ? std::min(0.75, (1.0 + i) / (10.0 + i)) : 0.75;
        p.resize(net.parameters().size()), s.resize(net.statistics().size());
        for (std::size_t k = 0; k < p.size(); ++k)
          p[k] = decay * p[k] + (1 - decay) * static_cast<double>(net.parameters()[k]);
        for (std::size_t k = 0; k < s.size(); ++k)
          s[k] = use_buffers ? decay * s[k] + (1 - decay) * static_cast<double>(net.statistics()[k])
                             : static_cast<double>(net.statistics()[k]);
      }
      double worst = 0;
      for (std::size_t k = 0; k < p.size(); ++k)
        worst = std::max(worst, std::fabs(p[k] - static_cast<double>(average.network().parameters()[k])));
      for (std::size_t k = 0; k < s.size(); ++k)
        worst = std::max(worst, std::fabs(s[k] - static_cast<double>(average.network().statistics()[k])));
      CHECK(worst < 1e-6);
      CHECK(average.updates() == 12);
    }
  Net net;
  CHECK_SAYS(Ema(net, {.decay = 1.5}), "Ema: decay is 1.5, expected 0 to 1");
  CHECK_SAYS(Ema(net, {.decay = std::nan("")}), "Ema: decay is nan");
}

TEST_CASE("fit updates an average after each step") {
  Net net{Seed{1}}, same{Seed{1}};
  Ema average{net, {.decay = 0.9}}, wanted{same, {.decay = 0.9}};
  fit(net, images(), Adam{.learning_rate = 0.01f}, CrossEntropy{}, {.epochs = 2, .ema = &average});
  FitOptions options{.epochs = 2};
  options.on_batch = [&](const BatchReport&) { wanted.update(same); };
  fit(same, images(), Adam{.learning_rate = 0.01f}, CrossEntropy{}, options);
  CHECK(average.updates() == 10);
  CHECK(same_bits(net.state(), same.state()));
  CHECK(same_bits(average.network().state(), wanted.network().state()));
  CHECK(!same_bits(average.network().state(), net.state()));
  CHECK(evaluate(average.network(), images()).images == 40);

  Network<Sequential<Flatten, Linear<36, 4>>, Image<1, 6, 6>> other;
  CHECK_SAYS(fit(other, images(), SGD{}, CrossEntropy{}, {.ema = &average}),
             "fit: the Ema is of a network of another type");
}

TEST_CASE("an average goes on from the checkpoint with the same bits") {
  TemporaryFolder folder;
  const auto run = [&](const std::string& path, i64 stop_at, bool averaged = true) {
    Net net{Seed{4}};
    Ema average{net, {.decay = 0.9, .warm_up = true}};
    FitOptions options{.epochs = 3, .checkpoint = path, .checkpoint_every = 2};
    if (averaged) options.ema = &average;
    options.on_batch = [&](const BatchReport& r) {
      if (r.step == stop_at) throw Error("enough");
    };
    fit(net, images(), Adam{.learning_rate = 0.01f}, CrossEntropy{}, options);
    CHECK(average.updates() == (averaged ? 15 : 0));
    return average.network().state();
  };
  const auto whole = run(folder / "whole", -1);
  for (const i64 stop_at : {1, 8, 11}) CHECK_SAYS(run(folder / "broken", stop_at), "enough");
  CHECK(same_bits(run(folder / "broken", -1), whole));

  run(folder / "broken", -1, false);  // what a checkpoint has beside the run does no harm
  CHECK_SAYS(run(folder / "without", 8, false), "enough");
  CHECK_SAYS(run(folder / "without", -1), "without", "training.ema");
}
