// SPDX-License-Identifier: MIT
// fit: it learns, and what it tells on the way: history, callbacks, schedules, clipping, stopping, determinism.
#include <ctnet/ctnet.hpp>

#include "problems.hpp"

using namespace ctnet;
using test::same_bits;

namespace {
using Net = Sequential<Linear<4, 8>, ReLU, Linear<8, 3>>;
using Classifier = Network<Net, Features<4>>;
using Loader = data::Loader<test::Points>;

Loader points(std::size_t n, data::LoaderOptions options = {.batch_size = 8, .shuffle = true, .seed = 3}) {
  return {test::points(n), data::Compose{}, options};
}
}  // namespace

TEST_CASE("fit learns, and its history says so") {
  Classifier net{Seed{1}};
  auto train = points(100), valid = points(40, {.batch_size = 7});
  const History h = fit(net, train, SGD{.learning_rate = 0.05f, .momentum = 0.9}, CrossEntropy{},
                        {.epochs = 6, .record_steps = true}, valid);
  REQUIRE(h.size() == 6);
  REQUIRE(h.steps.size() == 6 * 13);
  CHECK(h.back().loss < 0.1 * h.front().loss);
  CHECK(h.back().accuracy > 0.97);
  CHECK(h.front().accuracy < h.back().accuracy);
  CHECK(h.back().validation_accuracy > 0.97);
  for (std::size_t i = 0; i < h.size(); ++i) {
    CHECK(h[i].epoch == static_cast<int>(i) + 1);
    CHECK(h[i].images == 100);
    CHECK(h[i].learning_rate == static_cast<double>(0.05f));
    CHECK(h[i].seconds > 0);
    CHECK(h[i].images_per_second == doctest::Approx(100 / h[i].seconds));
    double sum = 0;  // 12 batches of 8 and one of 4
    for (std::size_t b = 0; b < 13; ++b) sum += (b < 12 ? 8 : 4) * h.steps[13 * i + b].loss;
    CHECK(h[i].loss == doctest::Approx(sum / 100));
  }
  for (std::size_t s = 0; s < h.steps.size(); ++s) CHECK(h.steps[s].step == static_cast<long long>(s) + 1);
  const Evaluation e = evaluate(net, valid);
  CHECK(e.loss == h.back().validation_loss);
  CHECK(e.accuracy == h.back().validation_accuracy);
  CHECK(fit(net, train, SGD{}, CrossEntropy{}, {.epochs = 0}).empty());
}

TEST_CASE("fit without a validation loader measures no validation, without record_steps no steps") {
  Classifier net{Seed{1}};
  const History h = fit(net, points(20), Adam{}, CrossEntropy{});
  REQUIRE(h.size() == 1);
  CHECK(std::isnan(h[0].validation_loss));
  CHECK(std::isnan(h[0].validation_accuracy));
  CHECK(h.steps.empty());
}

TEST_CASE("one step of fit is forward, loss, backward, step") {
  Classifier a{Seed{1}}, b{Seed{1}};
  auto loader = points(24);
  fit(a, loader, Adam{.learning_rate = 0.01f}, CrossEntropy{.label_smoothing = 0.1},
      {.epochs = 2, .clip_grad_norm = 0.5});
  Optimizer step{b, Adam{.learning_rate = 0.01f}};
  b.forward(std::vector<float>(4));
  b.backward(std::vector<float>(3, 1.f));
  b.zero_grad();  // what fit does first: gradients left by somebody are not its own
  for (std::size_t e = 0; e < 2; ++e)
    for (auto epoch = loader.epoch(e); const auto& batch : epoch) {
      const auto loss = CrossEntropy{.label_smoothing = 0.1}(b.forward(batch.images), batch.labels);
      b.backward(loss.gradient);
      step.clip_grad_norm(0.5);
      step();
    }
  CHECK(same_bits(a.parameters(), b.parameters()));

  Classifier c{Seed{1}};
  c.forward(std::vector<float>(4, 1.f));
  c.backward(std::vector<float>(3, 1.f));
  fit(c, loader, Adam{.learning_rate = 0.01f}, CrossEntropy{.label_smoothing = 0.1},
      {.epochs = 2, .clip_grad_norm = 0.5});
  CHECK(same_bits(a.parameters(), c.parameters()));
}

TEST_CASE("callbacks are told of every batch and epoch") {
  Classifier net{Seed{1}};
  std::vector<BatchReport> batches;
  std::vector<EpochRecord> epochs;
  std::size_t seen = 0;
  FitOptions options{.epochs = 3, .record_steps = true};
  options.schedule = StepLR{.every_epochs = 1, .gamma = 0.5};
  options.on_batch = [&](const BatchReport& b) { batches.push_back(b); };
  options.on_epoch = [&](const EpochReport& e) {
    epochs.push_back(e.record);
    seen = e.history.size();
    CHECK(e.history.back().loss == e.record.loss);
    CHECK(batches.size() == 3 * epochs.size());
  };
  const History h = fit(net, points(20), SGD{.learning_rate = 0.25f}, CrossEntropy{}, options);
  REQUIRE(batches.size() == 9);
  REQUIRE(epochs.size() == 3);
  CHECK(seen == 3);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(batches[i].step == static_cast<i64>(i) + 1);
    CHECK(batches[i].epoch == static_cast<i64>(i) / 3 + 1);
    CHECK(batches[i].loss == h.steps[i].loss);
    CHECK(batches[i].learning_rate == 0.25 / (1 << i / 3));
  }
  for (std::size_t i = 0; i < 3; ++i) CHECK(h[i].learning_rate == 0.25 / (1 << i));
}

TEST_CASE("schedules see the step, the epoch's length and the run's") {
  Classifier net{Seed{1}};
  std::vector<double> rates;
  FitOptions options{.epochs = 2};
  options.schedule = LinearWarmup{.steps = 2, .start_factor = 0.5, .then = CosineAnnealing{}};
  options.on_batch = [&](const BatchReport& b) { rates.push_back(b.learning_rate); };
  fit(net, points(24), SGD{.learning_rate = 0.5f}, CrossEntropy{}, options);
  REQUIRE(rates.size() == 6);
  const double want[] = {0.25, 0.375, 0.5, 0.5 * (1 + std::sqrt(0.5)) / 2, 0.25, 0.5 * (1 - std::sqrt(0.5)) / 2};
  for (std::size_t i = 0; i < 6; ++i) CHECK(rates[i] == doctest::Approx(want[i]));
}

TEST_CASE("a step that a schedule sets to nothing changes nothing") {
  Classifier net{Seed{1}};
  const auto before = net.state();
  FitOptions options;
  options.schedule = Schedule{[](const ScheduleStep&) { return 0.0; }};
  fit(net, points(24), SGD{.learning_rate = 0.5f, .momentum = 0.9}, CrossEntropy{}, options);
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("stop() ends the run after the step, or the epoch, at hand") {
  Classifier a{Seed{1}}, b{Seed{1}};
  FitOptions options{.epochs = 5, .record_steps = true};
  options.on_batch = [](const BatchReport& r) {
    if (r.step == 7) r.stop();
  };
  const History h = fit(a, points(40), SGD{}, CrossEntropy{}, options);
  CHECK(h.steps.size() == 7);
  REQUIRE(h.size() == 2);  // the second is what there was of it
  CHECK(h[1].images == 16);
  FitOptions by_epoch{.epochs = 5};
  by_epoch.on_epoch = [](const EpochReport& r) {
    if (r.record.epoch == 2) r.stop();
  };
  CHECK(fit(b, points(40), SGD{}, CrossEntropy{}, by_epoch).size() == 2);
}

TEST_CASE("EarlyStopping counts epochs without an improvement of more than min_delta") {
  const auto stopped_at = [](const EarlyStopping& rule, const std::vector<double>& losses, bool validation) {
    History h;
    for (const double loss : losses) {
      EpochRecord e;
      (validation ? e.validation_loss : e.loss) = loss;
      if (validation) e.loss = -static_cast<double>(h.size());  // would be an improvement
      h.push_back(e);
      bool stop = false;
      rule(EpochReport{h.back(), h, &stop});
      if (stop) return static_cast<int>(h.size());
    }
    return 0;
  };
  for (const bool v : {false, true}) {
    CHECK(stopped_at({.patience = 2}, {5, 4, 3, 2, 1}, v) == 0);
    CHECK(stopped_at({.patience = 2}, {5, 4, 4, 4, 1}, v) == 4);
    CHECK(stopped_at({.patience = 2}, {5, 4, 6, 3, 6, 6}, v) == 6);
    CHECK(stopped_at({.patience = 1}, {5, 5}, v) == 2);
    CHECK(stopped_at({.patience = 2, .min_delta = 1}, {5, 4.5, 4.2, 3}, v) == 3);
  }
  Classifier net{Seed{1}};
  FitOptions options{.epochs = 50};
  options.on_epoch = EarlyStopping{.patience = 3};
  CHECK(fit(net, points(40), SGD{.learning_rate = 0.f}, CrossEntropy{}, options, points(16)).size() == 4);
}

TEST_CASE("an Optimizer that the caller keeps goes on where it was, and keeps its learning rate") {
  Classifier a{Seed{1}}, b{Seed{1}};
  auto loader = points(24);
  Optimizer kept{a, Adam{.learning_rate = 0.02f}};
  FitOptions options{.epochs = 1};
  options.schedule = StepLR{.every_steps = 1, .gamma = 0.9};
  fit(a, loader, kept, CrossEntropy{}, options);
  CHECK(kept.steps() == 3);
  CHECK(kept.learning_rate() == static_cast<double>(0.02f));
  fit(a, loader, kept, CrossEntropy{}, options);
  CHECK(kept.steps() == 6);
  fit(b, loader, Adam{.learning_rate = 0.02f}, CrossEntropy{}, options);
  fit(b, loader, Adam{.learning_rate = 0.02f}, CrossEntropy{}, options);  // forgets its moments in between
  CHECK(!same_bits(a.parameters(), b.parameters()));

  options.on_batch = [](const BatchReport&) { throw Error("enough"); };
  CHECK_SAYS(fit(a, loader, kept, CrossEntropy{}, options), "enough");
  CHECK(kept.learning_rate() == static_cast<double>(0.02f));
  CHECK(kept.steps() == 7);
}

TEST_CASE("an optimizer goes with the one network that it was made for, where that is") {
  Classifier net{Seed{1}}, twin{Seed{1}};
  const auto loader = points(24);
  const auto state = net.state(), of_twin = twin.state();
  Optimizer step{twin, Adam{}};
  CHECK_SAYS(fit(net, loader, step, CrossEntropy{}), "fit: the optimizer was made for another network");
  const CrossEntropy loss;
  CHECK_SAYS((Trainer{net, step, loss}), "Trainer: the optimizer was made for another network");
  CHECK_SAYS(save_checkpoint(net, step, {}, "/nonexistent/file"),
             "save_checkpoint: the optimizer was made for another");
  CHECK_SAYS(load_checkpoint(net, step, "/nonexistent/file"), "load_checkpoint: the optimizer was made for another");
  CHECK(step.steps() == 0);
  CHECK(same_bits(net.state(), state));
  CHECK(same_bits(twin.state(), of_twin));
  fit(twin, loader, step, CrossEntropy{});

  std::vector<Classifier> nets;
  nets.emplace_back(Seed{1});
  Optimizer first{nets[0], Adam{}};
  nets.reserve(nets.capacity() + 1);  // which moves it
  CHECK_SAYS(first(), "Optimizer: the network that the optimizer was made for was destroyed or moved");
  CHECK_SAYS(first.clip_grad_norm(1), "clip_grad_norm: the network that");
  CHECK_SAYS(fit(nets[0], loader, first, CrossEntropy{}), "fit: the network that");

  Optimizer second{nets[0], Adam{}};
  Classifier arrived = std::move(nets[0]);
  CHECK_SAYS(fit(arrived, loader, second, CrossEntropy{}), "fit: the optimizer was made for another network");
  CHECK_SAYS(second(), "moved from");
  nets[0] = Classifier{Seed{1}};  // the place is what counts
  fit(nets[0], loader, second, CrossEntropy{});
}

TEST_CASE("frozen segments stay; fit trains the others") {
  Classifier net{Seed{1}};
  Optimizer kept{net, SGD{
                          .learning_rate = 0.1f,
                          .decay_biases_and_norms = false,
                      }};
  REQUIRE(kept.segments().size() >= 1);
  kept.segments()[0].frozen = true;
  const auto before = net.state();
  fit(net, points(24), kept, CrossEntropy{}, {.epochs = 2, .clip_grad_norm = 1.0});
  const Segment& frozen = kept.segments()[0];
  CHECK(same_bits(net.parameters().subspan(frozen.offset, frozen.size),
                  std::span(before).subspan(frozen.offset, frozen.size)));
  CHECK(frozen.skipped == 6);
}

TEST_CASE("the same seed gives the same bits, for any number of workers") {
  const auto run = [](int workers, std::uint64_t seed) {
    using Deep = Sequential<Conv<1, 4, 3>, BatchNorm<4>, ReLU, Dropout<30>, Flatten, Linear<64, 4>>;
    Network<Deep, Image<1, 6, 6>> net{Seed{seed}};
    data::Loader loader{test::pictures(70),
                        data::Compose{data::RandomHorizontalFlip{}, data::RandomCrop<6>{.padding = 1}},
                        {.batch_size = 16, .shuffle = true, .workers = workers, .seed = seed}};
    const History h = fit(net, loader, AdamW{.learning_rate = 0.01f}, CrossEntropy{},
                          {.epochs = 3, .clip_grad_norm = 1, .record_steps = true});
    return std::pair{net.state(), h};
  };
  const auto [state, history] = run(0, 5);
  for (const int workers : {0, 1, 3}) {
    CAPTURE(workers);
    const auto [again, h] = run(workers, 5);
    CHECK(same_bits(again, state));
    test::check_same_history(h, history);
  }
  CHECK(!same_bits(run(0, 6).first, state));
  CHECK(history.back().loss < history.front().loss);
}
