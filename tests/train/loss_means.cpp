// SPDX-License-Identifier: MIT
// The loss that evaluate, fit and validation tell is one mean over the set, in batches of any size, with class weights
// and labels that are ignored, of every loss; and what a batch is in which nothing counts.
#include <ctnet/ctnet.hpp>

#include "problems.hpp"
#include "support/values.hpp"

using namespace ctnet;

namespace {

constexpr std::size_t images = 12;

template <class T, class Target>
struct Batch {
  std::vector<T> images;
  std::vector<Target> targets;
};
// The set of `images` cut in batches of n, `width` targets an image.
template <class T, class Target>
std::vector<Batch<T, Target>> cut(const std::vector<T>& x, const std::vector<Target>& y, std::size_t n) {
  std::vector<Batch<T, Target>> all;
  const std::size_t in = x.size() / images, out = y.size() / images;
  for (std::size_t i = 0; i < images; i += n) {
    const std::size_t to = std::min(images, i + n);
    all.push_back({{x.data() + i * in, x.data() + to * in}, {y.data() + i * out, y.data() + to * out}});
  }
  return all;
}

// Of a network that is not changed, as the loss of all images at once.
template <class Net, class Loss, class Target>
void one_mean(const char* what, const Loss& loss, const std::vector<Target>& y) {
  CAPTURE(what);
  using T = typename Net::scalar;
  Net net{Seed{3}};
  const auto x = test::values<T>("means", images * static_cast<std::size_t>(Net::Input::shape.size()), 2);
  const double whole = static_cast<double>(loss(net.predict(x), y).value);
  REQUIRE(std::isfinite(whole));
  for (const std::size_t n : {12u, 7u, 6u, 5u, 4u, 3u, 2u, 1u}) {
    CAPTURE(n);
    const auto batches = cut(x, y, n);
    CHECK(evaluate(net, batches, loss).loss == doctest::Approx(whole).epsilon(1e-5));
    double seen = 0;
    FitOptions options;
    options.on_epoch = [&](const EpochReport& e) { seen = e.record.loss; };
    const History h = fit(net, batches, SGD{.learning_rate = 0}, loss, options, batches);
    CHECK(h.back().loss == doctest::Approx(whole).epsilon(1e-5));
    CHECK(h.back().validation_loss == doctest::Approx(whole).epsilon(1e-5));
    CHECK(seen == h.back().loss);
  }
}

template <class B>
void every_loss() {
  using T = typename B::scalar;
  using Flat = Network<Linear<2, 3>, Features<2>, B>;
  using Dense = Network<Conv<1, 3, 1>, Image<1, 2, 2>, B>;
  std::vector<int> labels(images), places(images * 4);
  for (std::size_t i = 0; i < images; ++i) labels[i] = static_cast<int>(i % 3);
  labels[1] = labels[5] = labels[8] = -100;
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i % 5 == 1 || i < 8 ? -100 : static_cast<int>(i % 3);
  const std::vector<float> weights{1, 5, 0.1f};
  for (const bool weighted : {false, true})
    for (const double smoothing : {0.0, 0.1}) {
      CAPTURE(weighted);
      CAPTURE(smoothing);
      const CrossEntropy loss{smoothing, weighted ? weights : std::vector<float>{}};
      one_mean<Flat>("labels", loss, labels);
      one_mean<Dense>("images of labels", loss, places);
    }
  const auto numbers = test::values<T>("targets", images * 3);
  auto parts = numbers;
  for (T& v : parts) v = (v + 1) / 2;
  one_mean<Flat>("probabilities", CrossEntropy{.label_smoothing = 0.1, .class_weights = weights}, parts);
  one_mean<Flat>("nll", NLLLoss{.class_weights = weights}, labels);
  one_mean<Flat>("mse", MeanSquaredError{}, numbers);
  one_mean<Flat>("half mse", MeanSquaredError{.half = true}, numbers);
  one_mean<Flat>("smooth l1", SmoothL1{.beta = 0.3}, numbers);
  one_mean<Flat>("bce", BinaryCrossEntropyWithLogits{.pos_weight = weights, .weight = weights}, parts);
}

// Two losses that differ in their reduction: told are the same means, trained is with the mean or the sum.
template <class Loss, class Target>
void sum_and_mean(const Loss& mean, Loss sum, const std::vector<Target>& y, double weight) {
  sum.reduction = Reduction::sum;
  using Net = Network<Linear<2, 3>, Features<2>, Cpu<double>>;
  Net a{Seed{3}}, b{Seed{3}};
  const auto x = test::values<double>("means", images * 2);
  const auto whole = cut(x, y, images);
  CHECK(sum(a.predict(x), y).value == doctest::Approx(weight * mean(a.predict(x), y).value));
  CHECK(evaluate(a, cut(x, y, 5), sum).loss == doctest::Approx(evaluate(b, cut(x, y, 7), mean).loss));
  const History ha = fit(a, whole, SGD{.learning_rate = 0.25f / 32}, sum, {.epochs = 2});
  const History hb = fit(b, whole, SGD{.learning_rate = static_cast<float>(weight / 128)}, mean, {.epochs = 2});
  CHECK(ha.back().loss == doctest::Approx(hb.back().loss).epsilon(1e-6));
  CHECK(ha.back().loss < ha.front().loss);
  for (std::size_t i = 0; i < a.parameters().size(); ++i)
    CHECK(a.parameters()[i] == doctest::Approx(b.parameters()[i]).epsilon(1e-6));
}

// A caller's own, that says nothing of weights.
struct Largest {
  template <class T>
  T compute(const View<const T>& x, const std::vector<int>&, std::span<T> g) const {
    std::fill(g.begin(), g.end(), T{0});
    T sum{0};
    for (std::size_t i = 0; i < x.size(); ++i) sum += x.data()[i];
    return sum / static_cast<T>(x.shape(0));
  }
};

}  // namespace

TEST_CASE("a loss is one mean over the set, whatever the batch size") {
  every_loss<Cpu<float>>();
  every_loss<Cpu<double>>();
}
TEST_CASE("a loss is one mean over the set on threads and in the plain loops") {
  using Flat = Linear<2, 3>;
  const CrossEntropy loss{.class_weights = {1, 5, 0.1f}};
  const std::vector<int> labels{0, -100, 2, 0, 1, -100, 0, 1, -100, 0, 1, 2};
  one_mean<Network<Flat, Features<2>, Cpu<float, OpenMP>>>("threads", loss, labels);
  one_mean<Network<Flat, Features<2>, Reference<double>>>("reference", loss, labels);
  one_mean<Network<Flat, Features<2>, Reference<double>>>("reference, nll", NLLLoss{}, labels);
  auto parts = test::values<double>("targets", images * 3);
  for (double& v : parts) v = (v + 1) / 2;
  one_mean<Network<Flat, Features<2>, Reference<double>>>("reference, probabilities", CrossEntropy{}, parts);
}
TEST_CASE("a sum trains as a mean with a rate as many times larger, and the same is told of both") {
  const std::vector<int> labels{0, -100, 2, 0, 1, -100, 0, 1, -100, 0, 1, 2};
  sum_and_mean(CrossEntropy{.class_weights = {1, 5, 0.5f}}, CrossEntropy{.class_weights = {1, 5, 0.5f}}, labels,
               4 + 3 * 5 + 2 * 0.5);
  const auto numbers = test::values<double>("targets", images * 3);
  sum_and_mean(MeanSquaredError{}, MeanSquaredError{}, numbers, 36);
}

TEST_CASE("class probabilities train and are told of by their most probable class") {
  using Net = Network<Linear<4, 3>, Features<4>>;
  struct Soft {
    std::vector<float> images;
    std::vector<float> targets;
    std::vector<int> labels;
  };
  struct Hard {
    std::vector<float> images;
    std::vector<int> labels;
  };
  std::vector<Soft> soft(5);
  std::vector<Hard> hard(5);
  const auto set = test::points(40, 2);
  for (std::size_t i = 0; i < 40; ++i) {
    const auto sample = set.get(i);
    Soft& s = soft[i / 8];
    s.images.insert(s.images.end(), sample.tensor.data(), sample.tensor.data() + 4);
    s.labels.push_back(7);  // which targets go before
    for (int c = 0; c < 3; ++c) s.targets.push_back(c == sample.label ? 0.8f : 0.1f);
    hard[i / 8].images = s.images;
    hard[i / 8].labels.push_back(sample.label);
  }
  Net net{Seed{1}}, same{Seed{1}};
  const CrossEntropy loss{.ignore_index = 2};  // of labels only
  const History h = fit(net, soft, Adam{.learning_rate = 0.05f}, loss, {.epochs = 20}, soft);
  CHECK(h.back().accuracy > 0.95);
  const Evaluation e = evaluate(net, soft, loss), of_labels = evaluate(net, hard);
  CHECK(e.accuracy == of_labels.accuracy);
  CHECK(e.top5 == of_labels.top5);
  CHECK(e.accuracy == h.back().validation_accuracy);
  for (int t = 0; t < 3; ++t)
    for (int p = 0; p < 3; ++p) CHECK(e.confusion(t, p) == of_labels.confusion(t, p));
  // 0.8, 0.1, 0.1 is a label smoothed by 0.3.
  const History want =
      fit(same, hard, Adam{.learning_rate = 0.05f}, CrossEntropy{.label_smoothing = 0.3}, {.epochs = 20});
  CHECK(h.back().loss == doctest::Approx(want.back().loss).epsilon(1e-4));
}

TEST_CASE("a caller's own loss without weights counts as a mean over the images") {
  Network<Linear<2, 3>, Features<2>, Cpu<double>> net{Seed{3}};
  const auto x = test::values<double>("means", images * 2);
  const std::vector<int> y(images);
  const double whole = evaluate(net, cut(x, y, images), Largest{}).loss;
  CHECK(whole != 0);
  for (const std::size_t n : {7u, 5u, 1u}) CHECK(evaluate(net, cut(x, y, n), Largest{}).loss == doctest::Approx(whole));
}

TEST_CASE("a batch in which nothing counts is a step with gradients of zero, and adds nothing to the mean") {
  using Net = Network<Linear<2, 3>, Features<2>>;
  const auto x = test::values<float>("means", images * 2);
  const std::vector<int> y{0, 1, 2, 0, -100, -100, -100, -100, 1, 2, 0, 1};
  const auto batches = cut(x, y, 4);
  Net net{Seed{3}};
  std::vector<double> losses;
  FitOptions options{.clip_grad_norm = 1, .record_steps = true};
  options.on_batch = [&](const BatchReport& b) { losses.push_back(b.loss); };
  const History h = fit(net, batches, SGD{.learning_rate = 0.1f, .momentum = 0.9}, CrossEntropy{}, options);
  REQUIRE(losses.size() == 3);
  CHECK(std::isnan(losses[1]));
  CHECK(std::isnan(h.steps[1].loss));
  CHECK(h.back().loss == doctest::Approx((losses[0] + losses[2]) / 2));
  CHECK(h.back().images == 12);

  Net by_hand{Seed{3}};
  Optimizer step{by_hand, SGD{.learning_rate = 0.1f, .momentum = 0.9}};
  for (const auto& b : batches) {
    const auto loss = CrossEntropy{}(by_hand.forward(b.images), b.targets);
    by_hand.backward(loss.gradient);
    step.clip_grad_norm(1);
    step();
  }
  CHECK(test::same_bits(net.parameters(), by_hand.parameters()));

  // A whole epoch of them: there is no loss, and the run goes on.
  const auto none = cut(x, std::vector<int>(images, -100), 4);
  const auto before = net.state();
  const History empty = fit(net, none, SGD{.learning_rate = 0.1f}, CrossEntropy{}, {.epochs = 2}, none);
  REQUIRE(empty.size() == 2);
  CHECK(std::isnan(empty.back().loss));
  CHECK(std::isnan(empty.back().validation_loss));
  CHECK(test::same_bits(net.state(), before));
  CHECK(std::isnan(evaluate(net, none).loss));
}

TEST_CASE("a Trainer keeps a loss that was a temporary") {
  Network<Linear<2, 3>, Features<2>> net{Seed{3}}, other{Seed{3}};
  Optimizer step{net, SGD{.learning_rate = 0.1f}}, other_step{other, SGD{.learning_rate = 0.1f}};
  const Batch<float, int> batch{test::values<float>("means", 8), {0, 1, 2, 0}};
  Trainer trainer{net, step, CrossEntropy{.class_weights = {1, 50, 0.1f}}};
  const std::vector<float> in_between(3, 7.f);  // where the temporary's weights were
  trainer.submit(batch);
  const CrossEntropy loss{.class_weights = {1, 50, 0.1f}};
  const auto want = loss(other.forward(batch.images), batch.targets);
  CHECK(trainer.collect().loss == doctest::Approx(want.value));
  CHECK(in_between[0] == 7);
}
