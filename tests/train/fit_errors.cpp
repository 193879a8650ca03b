// SPDX-License-Identifier: MIT
// What ends a run: a loss that is no number, data that does not fit. It says where; what was saved before stays.
#include <limits>

#include <ctnet/ctnet.hpp>

#include "io/temporary.hpp"
#include "problems.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Classifier = Network<Sequential<Linear<4, 8>, ReLU, Linear<8, 3>>, Features<4>>;

struct Batch {
  std::vector<float> images;
  std::vector<int> labels;
};

// Batches of 4, good ones; what is done to them is the test's.
std::vector<Batch> batches(std::size_t n) {
  std::vector<Batch> all;
  const auto set = test::points(4 * n, 2);
  for (std::size_t b = 0; b < n; ++b) {
    Batch one;
    for (std::size_t i = 4 * b; i < 4 * b + 4; ++i) {
      const auto sample = set.get(i);
      one.images.insert(one.images.end(), sample.tensor.data(), sample.tensor.data() + 4);
      one.labels.push_back(sample.label);
    }
    all.push_back(one);
  }
  return all;
}

}  // namespace

TEST_CASE("a NaN in the data stops the run at its step") {
  Classifier net{Seed{1}};
  auto data = batches(5);
  data[2].images[5] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> last;
  FitOptions options{.epochs = 3};
  options.on_batch = [&](const BatchReport& r) {
    if (r.step == 2) last = net.state();
  };
  CHECK_SAYS(fit(net, data, SGD{.learning_rate = 0.1f}, CrossEntropy{}, options), "fit: the loss is", "nan", "step 3",
             "epoch 1", "batch 3", "learning rate 0.1");
  CHECK(same_bits(net.state(), last));  // the step was not taken
}

TEST_CASE("a learning rate far too large ends in an error; the checkpoint holds only numbers, and loads") {
  for (const float rate : {1e20f, 1e38f}) {
    CAPTURE(rate);
    TemporaryFolder folder;
    Classifier net{Seed{1}};
    const auto data = batches(5);
    const SGD sgd{.learning_rate = rate};
    FitOptions options{.epochs = 20, .checkpoint = folder / "run", .checkpoint_every = 1};
    const std::string said = test::error_of([&] { fit(net, data, sgd, CrossEntropy{}, options); });
    CHECK_MESSAGE(test::has(said, "step "), said);
    if (!io::file_exists(folder / "run")) continue;
    Classifier again{Seed{1}};
    load(again, folder / "run");
    for (const float v : again.state()) CHECK(std::isfinite(v));
  }
}

TEST_CASE("a checkpoint is not overwritten with NaN") {
  TemporaryFolder folder;
  Classifier net{Seed{1}};
  const auto data = batches(4);
  FitOptions options{.epochs = 3, .checkpoint = folder / "run", .checkpoint_every = 1};
  io::Bytes before;
  options.on_batch = [&](const BatchReport& r) {
    if (r.step != 6) return;
    before = io::read_file(folder / "run");
    net.parameters()[33] = std::numeric_limits<float>::infinity();
  };
  CHECK_SAYS(fit(net, data, SGD{}, CrossEntropy{}, options), "'0.bias' has inf", "step 6", "run");
  CHECK(io::read_file(folder / "run") == before);
  CHECK(folder.names().size() == 1);
}

TEST_CASE("gradients whose norm is no number stop a run that clips them") {
  struct Broken {  // a loss with a finite value and an infinite gradient
    double compute(const View<const float>&, const std::vector<int>&, std::span<float> g) const {
      for (float& v : g) v = HUGE_VALF;
      return 1;
    }
  };
  Classifier net{Seed{1}};
  const auto before = net.state();
  CHECK_SAYS(fit(net, batches(2), SGD{}, Broken{}, {.clip_grad_norm = 1}), "norm of the gradients is nan", "step 1");
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("nothing to train on, nothing to evaluate on") {
  Classifier net{Seed{1}};
  const std::vector<Batch> none;
  CHECK_SAYS(fit(net, none, SGD{}, CrossEntropy{}), "no images", "epoch 1");
  CHECK_SAYS(evaluate(net, none), "evaluate", "no images");
  CHECK_SAYS(fit(net, batches(2), SGD{}, CrossEntropy{}, {}, none), "evaluate", "no images");
  std::vector<Batch> empty(1);
  CHECK_SAYS(fit(net, empty, SGD{}, CrossEntropy{}), "forward", "no images");
}

TEST_CASE("labels and images that do not fit name both sides") {
  Classifier net{Seed{1}};
  const auto before = net.state();
  auto wrong = [](auto change) {
    auto data = batches(2);
    change(data[0]);
    return data;
  };
  const auto high = wrong([](Batch& b) { b.labels[1] = 3; });
  const auto low = wrong([](Batch& b) { b.labels[3] = -1; });
  const auto few = wrong([](Batch& b) { b.labels.pop_back(); });
  const auto torn = wrong([](Batch& b) { b.images.pop_back(); });
  const auto train = [&](const auto& data) { fit(net, data, SGD{}, CrossEntropy{}); };
  CHECK_SAYS(train(high), "label 3", "row 1", "classes 3");
  CHECK_SAYS(train(low), "label -1", "row 3", "classes 3");
  CHECK_SAYS(train(few), "3 labels", "4 x 3");
  CHECK_SAYS(train(torn), "15 elements", "multiple of 4");
  CHECK_SAYS(evaluate(net, high), "label 3", "classes 3");
  CHECK_SAYS(evaluate(net, low), "label -1", "classes 3");
  CHECK_SAYS(evaluate(net, few), "3 labels", "4 x 3");
  CHECK(same_bits(net.state(), before));
  struct Shaped {
    View<const float> images;
    std::vector<int> labels;
  };
  const std::vector<float> x(24);
  const std::vector<Shaped> other{{{x.data(), 4, Shape{6}}, {0, 1, 2, 0}}};
  CHECK_SAYS(train(other), "4 x 6", "expected N x 4");
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("options out of their range name the optimizer, the option and its range") {
  Classifier net{Seed{1}};
  const auto data = batches(1);
  CHECK_SAYS(fit(net, data, SGD{.learning_rate = -1}, CrossEntropy{}), "SGD", "learning_rate", "-1");
  CHECK_SAYS(fit(net, data, Adam{.beta1 = 1}, CrossEntropy{}), "Adam", "beta1", "below 1");
}

TEST_CASE("options of fit that make no sense name themselves, before a step is taken") {
  Classifier net{Seed{1}};
  const auto before = net.state();
  const auto data = batches(2);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto run = [&](const FitOptions& options) { return fit(net, data, SGD{}, CrossEntropy{}, options); };
  CHECK_SAYS(run({.epochs = -1}), "fit: epochs is -1, expected 0 or more");
  CHECK_SAYS(run({.clip_grad_norm = nan}), "fit: clip_grad_norm is nan, expected 0 or more");
  CHECK_SAYS(run({.clip_grad_norm = -1}), "fit: clip_grad_norm is -1, expected 0 or more");
  CHECK_SAYS(run({.checkpoint_every = -5}), "fit: checkpoint_every is -5, expected 0 or more");
  for (const double bad : {-1.0, nan, HUGE_VAL})
    CHECK_SAYS(run({.schedule = Schedule{[&](const ScheduleStep&) { return bad; }}}), "schedule", "step 1",
               "0 or more and finite");
  CHECK_SAYS(run({.on_epoch = EarlyStopping{.patience = 0}}), "EarlyStopping: patience is 0, expected 1 or more");
  CHECK_SAYS(run({.on_epoch = EarlyStopping{.min_delta = nan}}), "EarlyStopping: min_delta is nan");
  CHECK_SAYS(fit(net, data, SGD{.momentum = HUGE_VAL}, CrossEntropy{}), "SGD: momentum is inf", "and finite");
  CHECK_SAYS(fit(net, data, SGD{.momentum = 0.5, .dampening = nan}, CrossEntropy{}), "SGD: dampening is nan");
  CHECK_SAYS(fit(net, data, AdamW{.weight_decay = nan}, CrossEntropy{}), "AdamW: weight_decay is nan");
  CHECK_SAYS(fit(net, data, Adam{.learning_rate = HUGE_VALF}, CrossEntropy{}), "Adam: learning_rate is inf");
  CHECK(same_bits(net.state(), before));
  CHECK(run({.clip_grad_norm = HUGE_VAL}).size() == 1);  // measured, not clipped
  Optimizer step{net, Adam{.learning_rate = 0.5f}};
  CHECK_SAYS(step.set_learning_rate(nan), "Adam: learning_rate is nan, expected 0 or more");
  CHECK_SAYS(step.set_learning_rate(-1), "Adam: learning_rate is -1");
  CHECK(step.learning_rate() == 0.5);
}

TEST_CASE("a run of as many epochs as an int holds begins, and a callback ends it") {
  Classifier net{Seed{1}};
  FitOptions options{.epochs = std::numeric_limits<int>::max(), .record_steps = true};
  options.on_epoch = [](const EpochReport& e) { e.stop(); };
  CHECK(fit(net, batches(2), SGD{}, CrossEntropy{}, options).size() == 1);
}

TEST_CASE("a validation loss of NaN is one that was measured: it is recorded, and no improvement") {
  Classifier net{Seed{1}};
  auto bad = batches(2);
  bad[1].images[5] = std::numeric_limits<float>::quiet_NaN();
  const History h = fit(net, batches(2), SGD{.learning_rate = 0.05f}, CrossEntropy{},
                        {.epochs = 30, .on_epoch = EarlyStopping{.patience = 2}}, bad);
  CHECK(h.size() == 2);
  CHECK(std::isnan(h.back().validation_loss));
  CHECK(measured(h.back().validation_loss));
  CHECK(measured(h.back().validation_accuracy));
  const History without = fit(net, batches(2), SGD{}, CrossEntropy{});
  CHECK(!measured(without.back().validation_loss));
  CHECK(!measured(without.back().validation_accuracy));
  CHECK(measured(without.back().loss));
  CHECK(std::isnan(not_measured));
}

TEST_CASE("a running variance that is no number ends the run at its epoch") {
  Network<Sequential<Linear<4, 3>, BatchNorm<3>>, Features<4>> net{Seed{1}};
  auto data = batches(3);
  for (auto& b : data)
    for (float& v : b.images) v *= 1e20f;
  CHECK_SAYS(fit(net, data, SGD{.learning_rate = 0.f}, CrossEntropy{}, {.epochs = 2}), "fit: '1.running_var' has",
             "after step 3");
}
