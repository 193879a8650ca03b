// SPDX-License-Identifier: MIT
// evaluate against a count by hand: loss, accuracy, top 5, confusion, with ties and scores that are no numbers.
#include <algorithm>
#include <limits>
#include <numeric>

#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <ctnet/ctnet.hpp>

#include "problems.hpp"
#include "support/values.hpp"

using namespace ctnet;

namespace {

struct Batch {
  std::vector<double> images;
  std::vector<int> labels;
};
// Scores are the images: the network is nothing.
template <int C>
using Nothing = Network<Sequential<>, Features<C>, Reference<double>>;

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();

// A loss for scores that no loss takes.
struct NoLoss {
  double compute(const View<const double>&, const std::vector<int>&, std::span<double>) const { return 0; }
};

struct Naive {
  double loss = 0, accuracy = 0, top5 = 0;
  std::vector<std::vector<long long>> confusion;
};
Naive by_hand(const std::vector<Batch>& batches, std::size_t classes) {
  Naive n;
  n.confusion.assign(classes, std::vector<long long>(classes));
  double images = 0;
  for (const Batch& b : batches)
    for (std::size_t i = 0; i < b.labels.size(); ++i, ++images) {
      const std::vector<double> row(b.images.begin() + static_cast<long>(i * classes),
                                    b.images.begin() + static_cast<long>((i + 1) * classes));
      const auto truth = static_cast<std::size_t>(b.labels[i]);
      double sum = 0;
      for (const double v : row) sum += std::exp(v);
      n.loss -= row[truth] - std::log(sum);
      std::vector<std::size_t> order(classes);
      std::iota(order.begin(), order.end(), 0u);
      std::stable_sort(order.begin(), order.end(), [&](auto a, auto c) { return row[a] > row[c]; });
      n.accuracy += order[0] == truth;
      n.top5 += std::find(order.begin(), order.begin() + static_cast<long>(std::min<std::size_t>(5, classes)), truth) !=
                order.begin() + static_cast<long>(std::min<std::size_t>(5, classes));
      ++n.confusion[truth][order[0]];
    }
  n.loss /= images, n.accuracy /= images, n.top5 /= images;
  return n;
}

template <int C>
void check(bool ties) {
  CAPTURE(C);
  CAPTURE(ties);
  std::vector<Batch> batches;
  std::size_t at = 0;
  for (const std::size_t n : {7u, 7u, 3u, 1u}) {
    Batch b{test::values("scores" + std::to_string(at), n * C, 3), {}};
    if (ties)
      for (double& v : b.images) v = std::round(v);
    for (std::size_t i = 0; i < n; ++i) b.labels.push_back(static_cast<int>((5 * at++ + i) % C));
    batches.push_back(b);
  }
  Nothing<C> net;
  const Evaluation e = evaluate(net, batches);
  const Naive want = by_hand(batches, C);
  CHECK(e.loss == doctest::Approx(want.loss));
  CHECK(e.accuracy == doctest::Approx(want.accuracy));
  CHECK(e.top5 == doctest::Approx(want.top5));
  CHECK(e.images == 18);
  CHECK(e.seconds > 0);
  for (int t = 0; t < C; ++t)
    for (int p = 0; p < C; ++p)
      CHECK(e.confusion(t, p) == want.confusion[static_cast<std::size_t>(t)][static_cast<std::size_t>(p)]);
  CHECK(e.confusion.accuracy() == doctest::Approx(e.accuracy));
}

template <class Images, class Labels>
struct Piece {
  std::remove_const_t<Images> images;
  std::remove_const_t<Labels> labels;
};

}  // namespace

TEST_CASE("evaluate agrees with a count by hand") {
  for (const bool ties : {false, true}) {
    check<2>(ties);
    check<5>(ties);
    check<6>(ties);
    check<11>(ties);
  }
}

TEST_CASE("batches of pieces of tensors count as copies of them do") {
  xt::xtensor<double, 2> scores({9, 5});
  const auto values = test::values("scores", 45, 3);
  std::copy(values.begin(), values.end(), scores.begin());
  const xt::xtensor<int, 2> labels{{0, 1}, {0, 4}, {0, 2}, {0, 0}, {0, 3}, {0, 1}, {0, 1}, {0, 2}, {0, 4}};
  struct Copied {
    std::vector<double> images;
    std::vector<int> labels;
  };
  const auto piece = [&](std::size_t from, std::size_t to) {
    const auto images = xt::view(scores, xt::range(from, to));
    const auto truths = xt::view(labels, xt::range(from, to), 1);
    return Piece<decltype(images), decltype(truths)>{images, truths};
  };
  std::vector<decltype(piece(0, 1))> pieces;
  std::vector<Copied> copies;
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{2, 6}, {6, 9}}) {
    pieces.push_back(piece(from, to));
    const auto& p = pieces.back();
    copies.push_back({{p.images.begin(), p.images.end()}, {p.labels.begin(), p.labels.end()}});
  }
  Nothing<5> net;
  const Evaluation got = evaluate(net, pieces), want = evaluate(net, copies);
  CHECK(got.loss == want.loss);
  CHECK(got.accuracy == want.accuracy);
  CHECK(got.images == 7);
  for (int t = 0; t < 5; ++t)
    for (int p = 0; p < 5; ++p) CHECK(got.confusion(t, p) == want.confusion(t, p));
  Network<Sequential<Linear<5, 5>>, Features<5>, Reference<double>> a{Seed{1}}, b{Seed{1}};
  CHECK(fit(a, pieces, SGD{.learning_rate = 0.1f}, CrossEntropy{}).back().accuracy ==
        fit(b, copies, SGD{.learning_rate = 0.1f}, CrossEntropy{}).back().accuracy);
  CHECK(test::same_bits(a.state(), b.state()));
}

TEST_CASE("a NaN score loses; a row of nothing else predicts nothing") {
  Nothing<3> net;
  const std::vector<Batch> batches{
      {{nan_, 1, 0, 0, nan_, nan_, nan_, nan_, nan_, nan_, -HUGE_VAL, nan_}, {0, 0, 2, 1}}};
  const Evaluation e = evaluate(net, batches, NoLoss{});
  CHECK(e.accuracy == 0.5);
  CHECK(e.top5 == 0.5);
  CHECK(e.confusion.total() == 3);
  CHECK(e.confusion(0, 1) == 1);
  CHECK(e.confusion(0, 0) == 1);
  CHECK(e.confusion(1, 1) == 1);
  CHECK(std::isnan(evaluate(net, batches).loss));
}

TEST_CASE("networks that end in (C, 1, 1)") {
  Network<Sequential<Conv<1, 4, 6>>, Image<1, 6, 6>> net{Seed{1}};
  data::Loader loader{test::pictures(30), data::Compose{}, {.batch_size = 8, .shuffle = true}};
  const History h = fit(net, loader, Adam{.learning_rate = 0.02f}, CrossEntropy{}, {.epochs = 20}, loader);
  CHECK(h.back().accuracy > 0.9);
  const Evaluation e = evaluate(net, loader);
  CHECK(e.accuracy == h.back().validation_accuracy);
  CHECK(e.confusion.total() == 30);
  CHECK(e.confusion.classes() == 4);
}

TEST_CASE("class names come from the data set, where it has as many as the network has classes") {
  Network<Linear<4, 3>, Features<4>> net{Seed{1}};
  data::Loader named{test::points(10, 0, {"left", "right", "up"}), data::Compose{}, {.batch_size = 4}};
  data::Loader two{test::points(10, 0, {"left", "right"}), data::Compose{}, {.batch_size = 4}};
  CHECK(evaluate(net, named).confusion.name(2) == "up");
  CHECK(test::has(evaluate(net, named).confusion.str(), "right"));
  CHECK(evaluate(net, two).confusion.name(1) == "1");
}

TEST_CASE("evaluate is the same each time, in batches of any size, and changes nothing") {
  Network<Sequential<Linear<4, 3>, BatchNorm<3>, Dropout<>>, Features<4>, Reference<double>> net{Seed{1}};
  net.forward(test::values("x", 40));
  const auto before = net.state();
  const auto step = net.engine().step();
  double loss = 0;
  for (const int n : {1, 4, 30}) {
    data::Loader loader{test::points(30), data::Compose{}, {.batch_size = n, .shuffle = true, .workers = n % 3}};
    for (int i = 0; i < 2; ++i) {
      const Evaluation e = evaluate(net, loader);
      if (loss == 0) loss = e.loss;
      CHECK(e.loss == doctest::Approx(loss));
    }
  }
  CHECK(test::same_bits(net.state(), before));
  CHECK(net.engine().step() == step);
}

TEST_CASE("a deployed network is evaluated as its network is, in batches of any size") {
  using Net = Sequential<Conv<1, 4, 3>, BatchNorm<4>, ReLU, Flatten, Linear<64, 4>>;
  Network<Net, Image<1, 6, 6>> net{Seed{1}};
  data::Loader loader{test::pictures(30), data::Compose{}, {.batch_size = 7}};
  fit(net, loader, Adam{.learning_rate = 0.02f}, CrossEntropy{}, {.epochs = 3});
  const CrossEntropy loss{.class_weights = {1, 2, 0.5f, 1}};
  const Evaluation want = evaluate(net, loader, loss);
  const auto one = deploy(net);
  const auto three = deploy<3>(net);
  for (const Evaluation& got : {evaluate(*one, loader, loss), evaluate(*three, loader, loss)}) {
    CHECK(got.loss == doctest::Approx(want.loss).epsilon(1e-4));
    CHECK(got.accuracy == want.accuracy);
    CHECK(got.top5 == want.top5);
    CHECK(got.confusion.total() == want.confusion.total());
    CHECK(got.images == 30);
  }
  const auto empty = make_deployed<Net, Image<1, 6, 6>>();
  CHECK_SAYS(evaluate(*empty, loader), "never loaded");
}
