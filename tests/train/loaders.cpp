// SPDX-License-Identifier: MIT
// fit and evaluate on loaders and losses of other kinds: the caller's own structs, tensors of any type, targets that
// are no labels, images of labels, labels to be ignored, double.
#include <algorithm>
#include <deque>
#include <list>

#include <ctnet/ctnet.hpp>
#include <xtensor/xtensor.hpp>

#include "problems.hpp"
#include "support/values.hpp"

using namespace ctnet;

namespace {

// Somebody's own batches: no shape, no epochs.
template <class T>
struct Pair {
  std::vector<T> images, targets;
};
template <class T>
struct Pairs {
  std::list<Pair<T>> batches_list;  // its iterators do not say how many there are
  auto begin() const { return batches_list.begin(); }
  auto end() const { return batches_list.end(); }
};

// y = a linear map of x, between -1 and 1.
template <class T>
Pairs<T> linear_map(std::size_t batches, bool as_probability) {
  Pairs<T> p;
  for (std::size_t b = 0; b < batches; ++b) {
    Pair<T> one{test::values<T>("x" + std::to_string(b), 8 * 3), {}};
    for (std::size_t i = 0; i < 8; ++i) {
      const T* x = &one.images[3 * i];
      for (const T y : {(x[0] - x[1]) / 2, (x[1] + x[2]) / 2}) one.targets.push_back(as_probability ? T(y > 0) : y);
    }
    p.batches_list.push_back(one);
  }
  return p;
}

template <class B, class Loss>
void learns(const char* what, const Loss& loss, bool probability, double factor) {
  CAPTURE(what);
  using T = typename B::scalar;
  Network<Linear<3, 2>, Features<3>, B> net{Seed{1}};
  const Pairs<T> pairs = linear_map<T>(6, probability);
  const History h = fit(net, pairs, Adam{.learning_rate = 0.05f}, loss, {.epochs = 15}, pairs);
  CHECK(h.back().loss < factor * h.front().loss);
  CHECK(h.back().images == 48);
  CHECK(std::isnan(h.back().accuracy));
  CHECK(std::isnan(h.back().validation_accuracy));
  CHECK(h.back().validation_loss < factor * h.front().loss);
  const Evaluation e = evaluate(net, pairs, loss);
  CHECK(e.loss == h.back().validation_loss);
  CHECK(e.images == 48);
  CHECK(std::isnan(e.accuracy));
  CHECK(std::isnan(e.top5));
  CHECK(e.confusion.classes() == 0);
}

}  // namespace

TEST_CASE("losses with targets instead of labels") {
  learns<Cpu<float>>("mse", MeanSquaredError{}, false, 0.01);
  learns<Cpu<float>>("half mse", MeanSquaredError{.half = true}, false, 0.01);
  learns<Cpu<float>>("smooth l1", SmoothL1{.beta = 0.5}, false, 0.01);
  learns<Cpu<float>>("bce", BinaryCrossEntropyWithLogits{}, true, 0.4);
  learns<Cpu<double>>("mse in double", MeanSquaredError{}, false, 0.01);
}

TEST_CASE("a vector of batches of any tensors is a loader, and says how many there are") {
  struct Batch {
    xt::xtensor<double, 2> images;
    std::deque<int> unused;
    xt::xtensor<long, 1> labels;
  };
  std::vector<Batch> batches;
  for (int b = 0; b < 5; ++b) {
    Batch one;
    one.images = xt::xtensor<double, 2>::from_shape({6, 4});
    one.labels = xt::xtensor<long, 1>::from_shape({6});
    for (std::size_t i = 0; i < 6; ++i) {
      one.labels(i) = static_cast<long>(i % 3);
      for (std::size_t k = 0; k < 4; ++k)
        one.images(i, k) = (k == i % 3) + 0.1 * test::value_at("b", 24 * static_cast<std::size_t>(b) + 4 * i + k);
    }
    batches.push_back(one);
  }
  Network<Linear<4, 3>, Features<4>> net{Seed{1}};
  std::vector<double> rates;
  FitOptions options{.epochs = 4};
  options.schedule = StepLR{.every_epochs = 2, .gamma = 0.5};
  options.on_batch = [&](const BatchReport& r) { rates.push_back(r.learning_rate); };
  const History h = fit(net, batches, SGD{.learning_rate = 0.5f}, CrossEntropy{}, options);
  CHECK(h.back().accuracy == 1);
  REQUIRE(rates.size() == 20);
  CHECK(rates[9] == 0.5);
  CHECK(rates[10] == 0.25);
  const Evaluation e = evaluate(net, batches);
  CHECK(e.accuracy == 1);
  CHECK(e.confusion(2, 2) == 10);
  CHECK(e.confusion.name(2) == "2");
}

TEST_CASE("a loader that does not say its batches takes no schedule that needs them") {
  Network<Linear<3, 2>, Features<3>> net{Seed{1}};
  const auto pairs = linear_map<float>(4, false);
  FitOptions options{.epochs = 3};
  options.schedule = CosineAnnealing{};
  CHECK_SAYS(fit(net, pairs, SGD{}, MeanSquaredError{}, options), "schedule", "batches()");
  options.schedule = StepLR{.every_epochs = 1};
  CHECK_SAYS(fit(net, pairs, SGD{}, MeanSquaredError{}, options), "schedule", "batches()");
  options.schedule = StepLR{.every_steps = 2};
  CHECK(fit(net, pairs, SGD{}, MeanSquaredError{}, options).size() == 3);
}

TEST_CASE("a network that ends in an image learns images of labels") {
  struct Batch {
    std::vector<float> images;
    std::vector<unsigned char> labels;  // (N, H, W)
  };
  std::vector<Batch> batches(3);
  for (std::size_t b = 0; b < 3; ++b) {
    batches[b].images = test::values<float>("dense" + std::to_string(b), 2 * 9);
    for (const float v : batches[b].images) batches[b].labels.push_back(v > 0);
  }
  Network<Conv<1, 2, 1>, Image<1, 3, 3>> net{Seed{1}};
  const History h = fit(net, batches, Adam{.learning_rate = 0.1f}, CrossEntropy{}, {.epochs = 30}, batches);
  CHECK(h.back().loss < 0.4 * h.front().loss);
  CHECK(std::isnan(h.back().accuracy));
  CHECK(h.back().validation_loss < 0.4 * h.front().loss);
}

TEST_CASE("labels of the ignore_index count for nothing") {
  struct Batch {
    std::vector<float> images;
    std::vector<int> labels;
  };
  std::vector<Batch> with(1), without(1);
  for (int i = 0; i < 12; ++i) {
    const bool ignored = i % 3 == 2;
    for (int k = 0; k < 4; ++k) {
      const auto v = static_cast<float>(test::value_at("ignored", static_cast<std::size_t>(4 * i + k)));
      with[0].images.push_back(v);
      if (!ignored) without[0].images.push_back(v);
    }
    with[0].labels.push_back(ignored ? 255 : i % 3);
    if (!ignored) without[0].labels.push_back(i % 3);
  }
  using Net = Network<Linear<4, 3>, Features<4>, Reference<double>>;
  Net a{Seed{1}}, b{Seed{1}};
  const CrossEntropy loss{.ignore_index = 255};
  const History ha = fit(a, with, SGD{.learning_rate = 0.1f}, loss, {.epochs = 3});
  const History hb = fit(b, without, SGD{.learning_rate = 0.1f}, loss, {.epochs = 3});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(ha[i].loss == doctest::Approx(hb[i].loss));
    CHECK(ha[i].accuracy == hb[i].accuracy);
  }
  const Evaluation ea = evaluate(a, with, loss), eb = evaluate(b, without, loss);
  CHECK(ea.accuracy == eb.accuracy);
  CHECK(ea.confusion.total() == 8);
  CHECK(ea.images == 12);
}

TEST_CASE("fit learns from mixed batches, the same for any number of workers and from a checkpoint on") {
  using Net = Sequential<Conv<3, 8, 3, Stride<2>>, ReLU, Conv<8, 16, 3, Stride<2>>, ReLU, GlobalAvgPool, Flatten,
                         Linear<16, 2>>;
  using In = Image<3, 12, 12>;
  // two classes: bright at the left, bright at the right
  std::vector<float> images;
  std::vector<int> labels;
  Random random{Seed{1}};
  for (int i = 0; i < 96; ++i) {
    labels.push_back(i % 2);
    for (int k = 0; k < 3 * 12 * 12; ++k)
      images.push_back(static_cast<float>(random.uniform(-1, 1)) +
                       (k % 12 < 6 ? 1.0f : -1.0f) * (i % 2 ? 0.8f : -0.8f) * (k / 144 == 0 ? 1.0f : 0.0f));
  }
  const data::TensorDataset<In> set{images, labels};
  const data::Loader plain{set, data::Compose{}, {.batch_size = 32}};
  const auto run = [&](int workers, int epochs, const std::string& checkpoint) {
    const data::Loader inner{set, data::Compose{}, {.batch_size = 16, .shuffle = true, .workers = workers, .seed = 3}};
    data::MixLoader train{inner, 2, data::MixUp{.alpha = 0.2}, data::CutMix{}};
    auto net = std::make_unique<Network<Net, In>>(Seed{2});
    const History history = fit(*net, train, Adam{.learning_rate = 0.01f}, CrossEntropy{},
                                {.epochs = epochs, .checkpoint = checkpoint}, plain);
    CHECK(history.back().accuracy > (epochs < 20 ? 0.4 : 0.7));  // right is the class of the larger share
    CHECK(history.back().validation_accuracy > (epochs < 20 ? 0.4 : 0.9));
    CHECK(history.back().loss > 0.1);  // a mixed target leaves a loss of its own entropy
    return std::vector<float>(net->parameters().begin(), net->parameters().end());
  };
  const auto whole = run(0, 20, "");
  CHECK(run(2, 20, "") == whole);
  const std::string file = "mixed_checkpoint.safetensors";
  std::remove(file.c_str());
  run(0, 7, file);
  CHECK(run(1, 20, file) == whole);
  std::remove(file.c_str());
}
