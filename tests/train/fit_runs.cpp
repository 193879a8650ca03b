// SPDX-License-Identifier: MIT
// fit: steps of several batches, the best epoch kept, rates that follow the loss; and all of them from a checkpoint on.
#include <ctnet/ctnet.hpp>

#include "io/temporary.hpp"
#include "problems.hpp"
#include "support/values.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Net = Network<Sequential<Linear<4, 8>, ReLU, Linear<8, 3>>, Features<4>, Cpu<double>>;

struct Batch {
  std::vector<double> images;
  std::vector<int> labels;
};
// 30 images in batches of n, of which `ignored` count for nothing.
std::vector<Batch> batches(std::size_t n, std::size_t ignored_from = 30, std::size_t ignored_to = 30) {
  const auto set = test::points(30, 2);
  std::vector<Batch> all;
  for (std::size_t i = 0; i < 30; ++i) {
    if (i % n == 0) all.emplace_back();
    const auto sample = set.get(i);
    all.back().images.insert(all.back().images.end(), sample.tensor.data(), sample.tensor.data() + 4);
    all.back().labels.push_back((i >= ignored_from && i < ignored_to) || i % 7 == 3 ? -100 : sample.label);
  }
  return all;
}

// The same images from loaders, which can go on from any batch; `wrong` labels are such that the better a network is
// trained, the worse its loss on them gets.
data::Loader<test::Points> points_in(int n, bool wrong = false) {
  const auto set = test::points(30, 2);
  std::vector<float> x;
  std::vector<int> y;
  for (std::size_t i = 0; i < 30; ++i) {
    const auto sample = set.get(i);
    x.insert(x.end(), sample.tensor.data(), sample.tensor.data() + 4);
    y.push_back(wrong ? (sample.label + 1) % 3 : sample.label);
  }
  return {test::Points{x, y}, data::Compose{}, {.batch_size = n}};
}

// The caller's own, that says nothing of weights.
struct OfImages {
  double compute(const View<const double>& x, const std::vector<int>& y, std::span<double> g) const {
    return CrossEntropy{}.compute(x, y, g);
  }
  long long ignore_index = -100;
};

template <class Loss>
void gathers(const char* what, const Loss& loss, const std::vector<Batch>& small, const std::vector<Batch>& large) {
  CAPTURE(what);
  Net a{Seed{1}}, b{Seed{1}};
  FitOptions options{.epochs = 3, .schedule = StepLR{.every_steps = 4, .gamma = 0.5}, .clip_grad_norm = 0.7};
  options.record_steps = true;
  const SGD sgd{.learning_rate = 0.1f, .momentum = 0.9};
  const History want = fit(b, large, sgd, loss, options);
  int told = 0;
  options.accumulate = 3;
  options.on_batch = [&](const BatchReport& r) { CHECK(r.step == ++told); };
  const History got = fit(a, small, sgd, loss, options);
  CHECK(told == 9);
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    CHECK(a.parameters()[i] == doctest::Approx(b.parameters()[i]).epsilon(1e-10));
  REQUIRE(got.steps.size() == want.steps.size());
  for (std::size_t i = 0; i < got.steps.size(); ++i)
    CHECK(got.steps[i].loss == doctest::Approx(want.steps[i].loss).epsilon(1e-10));
  for (std::size_t e = 0; e < 3; ++e) {
    CHECK(got[e].loss == doctest::Approx(want[e].loss).epsilon(1e-10));
    CHECK(got[e].accuracy == want[e].accuracy);
    CHECK(got[e].images == 30);
    CHECK(got[e].learning_rate == want[e].learning_rate);
  }
}

}  // namespace

TEST_CASE("gathered batches are the step of one batch that holds them all") {
  const auto small = batches(4), large = batches(12);  // 3 + 3 + 2 batches, the last of two images: 12, 12, 6
  gathers("labels", CrossEntropy{}, small, large);
  gathers("weights", CrossEntropy{.label_smoothing = 0.1, .class_weights = {1, 5, 0.1f}}, small, large);
  gathers("sums", CrossEntropy{.class_weights = {1, 5, 0.1f}, .reduction = Reduction::sum}, small, large);
  gathers("a batch in which nothing counts", CrossEntropy{}, batches(4, 4, 8), batches(12, 4, 8));
  std::vector<Batch> whole = batches(4), twelve = batches(12);
  for (auto* all : {&whole, &twelve})
    for (Batch& b : *all)
      for (int& label : b.labels) label = std::max(label, 0);
  gathers("a caller's own loss", OfImages{}, whole, twelve);
}

TEST_CASE("a loss that is no number among gathered batches ends the run before its step") {
  Net net{Seed{1}};
  const auto before = net.state();
  auto data = batches(4);
  data[1].images[2] = std::nan("");
  CHECK_SAYS(fit(net, data, SGD{.learning_rate = 0.1f}, CrossEntropy{}, {.accumulate = 3}), "the loss is nan at step 1",
             "batch 3");
  CHECK(same_bits(net.state(), before));
  CHECK_SAYS(fit(net, data, SGD{}, CrossEntropy{}, {.accumulate = 0}), "fit: accumulate is 0, expected 1 or more");
}

TEST_CASE("a run of gathered batches goes on from a checkpoint with the same bits") {
  TemporaryFolder folder;
  const auto data = points_in(4);
  FitOptions options{.epochs = 3, .checkpoint_every = 1, .accumulate = 3};
  Net whole{Seed{1}}, broken{Seed{1}};
  fit(whole, data, Adam{.learning_rate = 0.02f}, CrossEntropy{}, options);
  options.checkpoint = folder / "run";
  options.on_batch = [](const BatchReport& r) {
    if (r.step == 6) throw Error("enough");
  };
  CHECK_SAYS(fit(broken, data, Adam{.learning_rate = 0.02f}, CrossEntropy{}, options), "enough");
  options.on_batch = {};
  Net again{Seed{5}};
  FitOptions other = options;
  other.accumulate = 2;
  CHECK_SAYS(fit(again, data, Adam{.learning_rate = 0.02f}, CrossEntropy{}, other), "loader.accumulate is 3");
  fit(again, data, Adam{.learning_rate = 0.02f}, CrossEntropy{}, options);
  CHECK(same_bits(again.state(), whole.state()));
}

TEST_CASE("a Trainer's steps are of one batch or of gathered ones, not of half") {
  Net net{Seed{1}};
  Optimizer step{net, SGD{.learning_rate = 0.1f}};
  Trainer trainer{net, step, CrossEntropy{}};
  const auto data = batches(4);
  CHECK_SAYS(trainer.update(), "no batch was gathered");
  trainer.gather(data[0]);
  CHECK_SAYS(trainer.submit(data[1]), "update first");
  trainer.gather(data[1]);
  trainer.update();
  const StepResult r = trainer.collect();
  CHECK(r.batches == 2);
  CHECK(r.images == 8);
  CHECK(step.steps() == 1);
}

TEST_CASE("the best epoch is kept, also by a run that goes on from a checkpoint") {
  const auto data = points_in(5), wrong = points_in(5, true);
  for (const Keep keep : {Keep::best_validation_loss, Keep::best_validation_accuracy}) {
    const bool by_loss = keep == Keep::best_validation_loss;
    CAPTURE(by_loss);
    FitOptions options{.epochs = 6, .keep = keep};
    std::vector<std::vector<double>> states;
    Net net{Seed{1}};
    options.on_epoch = [&](const EpochReport&) { states.push_back(net.state()); };
    const History h = fit(net, data, SGD{.learning_rate = 0.05f}, CrossEntropy{}, options, wrong);
    REQUIRE(states.size() == 6);
    std::size_t best = 0;
    for (std::size_t e = 1; e < 6; ++e)
      if (by_loss ? h[e].validation_loss < h[best].validation_loss
                  : h[e].validation_accuracy > h[best].validation_accuracy)
        best = e;
    CHECK(best < 5);
    CHECK(h.kept_epoch == static_cast<int>(best) + 1);
    CHECK(same_bits(net.state(), states[best]));
    CHECK(evaluate(net, wrong).loss == h[best].validation_loss);

    TemporaryFolder folder;
    options.on_epoch = {};
    options.checkpoint = folder / "run";
    Net first{Seed{1}}, second{Seed{7}}, third{Seed{8}};
    options.epochs = 4;
    fit(first, data, SGD{.learning_rate = 0.05f}, CrossEntropy{}, options, wrong);
    options.epochs = 6;
    const History resumed = fit(second, data, SGD{.learning_rate = 0.05f}, CrossEntropy{}, options, wrong);
    CHECK(same_bits(second.state(), states[best]));
    CHECK(resumed.kept_epoch == h.kept_epoch);
    CHECK(fit(third, data, SGD{.learning_rate = 0.05f}, CrossEntropy{}, options, wrong).size() == 6);  // nothing left
    CHECK(same_bits(third.state(), states[best]));
    options.keep = by_loss ? Keep::best_validation_accuracy : Keep::best_validation_loss;
    CHECK_SAYS(fit(third, data, SGD{.learning_rate = 0.05f}, CrossEntropy{}, options, wrong), "run", "best epoch");
  }
  Net net{Seed{1}};
  const auto before = net.state();
  CHECK_SAYS(fit(net, data, SGD{}, CrossEntropy{}, {.keep = Keep::best_validation_loss}), "no validation loader");
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("where no epoch has a validation loss, the last is kept") {
  auto bad = batches(5);
  bad[1].images[2] = std::nan("");
  Net net{Seed{1}}, same{Seed{1}};
  const History h = fit(net, batches(5), SGD{.learning_rate = 0.05f}, CrossEntropy{},
                        {.epochs = 2, .keep = Keep::best_validation_loss}, bad);
  CHECK(h.kept_epoch == 0);
  fit(same, batches(5), SGD{.learning_rate = 0.05f}, CrossEntropy{}, {.epochs = 2});
  CHECK(same_bits(net.state(), same.state()));
}

TEST_CASE("ReduceLROnPlateau follows the validation loss, also from a checkpoint on") {
  TemporaryFolder folder;
  const auto data = points_in(5), worse = points_in(5, true);
  FitOptions options{.epochs = 6, .schedule = ReduceLROnPlateau{.factor = 0.5, .patience = 1, .min_factor = 0.3}};
  Net net{Seed{1}};
  const History h = fit(net, data, SGD{.learning_rate = 0.1f}, CrossEntropy{}, options, worse);
  const double want[] = {1, 1, 1, 0.5, 0.5, 0.3};  // of the first epoch the loss is the best
  for (std::size_t e = 0; e < 6; ++e) CHECK(h[e].learning_rate == doctest::Approx(static_cast<double>(0.1f) * want[e]));
  options.checkpoint = folder / "run";
  options.checkpoint_every = 2;
  options.on_batch = [](const BatchReport& r) {
    if (r.step == 27) throw Error("enough");
  };
  Net broken{Seed{1}}, again{Seed{3}};
  CHECK_SAYS(fit(broken, data, SGD{.learning_rate = 0.1f}, CrossEntropy{}, options, worse), "enough");
  options.on_batch = {};
  fit(again, data, SGD{.learning_rate = 0.1f}, CrossEntropy{}, options, worse);
  CHECK(same_bits(again.state(), net.state()));
  CHECK_SAYS(fit(net, data, SGD{}, CrossEntropy{}, {.schedule = ReduceLROnPlateau{.factor = 1}}),
             "ReduceLROnPlateau: factor is 1");
}
