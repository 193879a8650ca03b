// SPDX-License-Identifier: MIT
// The losses on the GPU against the plain loops in double: values, gradients, right answers, over extents and options.
#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/losses/cuda.cuh>
#include <ctnet/losses/reference.hpp>
#include <ctnet/train/evaluate.hpp>

#include <limits>
#include <string>
#include <vector>

#include "../support/compare.hpp"
#include "../support/device_memory.hpp"
#include "../support/error.hpp"

namespace ct = ctnet;
namespace cuda = ctnet::cuda;
using Doubles = std::vector<double>;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN(),
                 infinity = std::numeric_limits<double>::infinity();

std::string words(const ct::LossExtents& d) {
  return std::to_string(d.n) + " x " + std::to_string(d.c) + " x " + std::to_string(d.s);
}

struct Outcome {
  ct::cuda::StepResult result;
  Doubles gradient;
};

// One call with every tensor in memory of exactly its size.
template <class T, class Loss, class Targets>
Outcome run(const Loss& loss, const ct::LossExtents& d, const Doubles& x, const Targets& y, bool gradient = true,
            test::Flush flush = test::Flush::end, bool as_graph = false) {
  using Device = cuda::DeviceLoss<Loss, T>;
  const test::TestStream stream;
  const Device device(loss);
  test::DeviceBlock<T> logits(x, flush), g(gradient ? x.size() : 0, flush);
  test::DeviceBlock<
      std::conditional_t<std::is_floating_point_v<typename Targets::value_type>, T, typename Device::target>>
      targets(y, flush);
  test::DeviceBlock<T> scratch(static_cast<std::size_t>(device.scratch(d)), flush);
  test::DeviceBlock<cuda::StepResult> result(1, test::Flush::start);
  for (int again = 0; again < 2; ++again)  // the second time it must find all as at the first
    stream.run(as_graph, [&] {
      device.queue(cuda::Queue{stream.get(), "loss", -1}, d, logits.data(), targets.data(),
                   gradient ? g.data() : nullptr, result.data(), scratch.data());
    });
  for (const bool intact : {logits.intact(), g.intact(), targets.intact(), scratch.intact(), result.intact()})
    CHECK_MESSAGE(intact, "wrote beside its tensors");
  CHECK(logits.template read<double>().size() == x.size());
  return {result.read()[0], g.template read<double>()};
}

template <class T>
constexpr double value_bound = sizeof(T) == 8 ? 1e-12 : 2e-6;

template <class T, class Loss, class Targets>
void check(const Loss& loss, const ct::LossExtents& d, const Doubles& x, const Targets& y, double value,
           const Doubles& gradient, const std::string& what) {
  const std::string name = std::string(Loss::name) + " " + words(d) + (sizeof(T) == 8 ? ", double" : "") + what;
  for (const test::Flush flush : {test::Flush::end, test::Flush::start}) {
    const Outcome got = run<T>(loss, d, x, y, true, flush);
    test::check_close(Doubles{got.result.value}, Doubles{value}, value_bound<T>, name + ": value");
    test::check_close(got.gradient, gradient, test::layer_bound<T>, name + ": gradient");
  }
  const Outcome without = run<T>(loss, d, x, y, false);
  test::check_close(Doubles{without.result.value}, Doubles{value}, value_bound<T>, name + ": value alone");
}
// The same bits in any order of threads, as a graph too.
template <class T, class Loss, class Targets>
void check_same(const Loss& loss, const ct::LossExtents& d, const Doubles& x, const Targets& y) {
  const Outcome first = run<T>(loss, d, x, y);
  test::in_every_thread_order([&](const std::string& order) {
    const Outcome again = run<T>(loss, d, x, y, true, test::Flush::end, true);
    test::check_same_bits(Doubles{again.result.value}, Doubles{first.result.value}, order);
    test::check_same_bits(again.gradient, first.gradient, order);
    CHECK(again.result.correct == first.result.correct);
    CHECK(again.result.counted == first.result.counted);
  });
}

template <class T>
Doubles numbers(std::size_t n, std::uint64_t index, double low = -4, double high = 4) {
  ct::Random random{ct::Seed{3}, 17, index};
  Doubles v(n);
  for (double& e : v) e = static_cast<double>(static_cast<T>(random.uniform(low, high)));
  return v;
}

std::vector<int> labels_for(const ct::LossExtents& d, int ignore_every, int ignore) {
  ct::Random random{ct::Seed{4}, d.c, d.n};
  std::vector<int> y(d.n * d.s);
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = ignore_every > 0 && i % static_cast<std::size_t>(ignore_every) == 1
               ? ignore
               : static_cast<int>(random.below(static_cast<std::uint32_t>(d.c)));
  return y;
}

template <class T>
void check_cross_entropy(const ct::CrossEntropy& loss, const ct::LossExtents& d, const Doubles& x,
                         const std::vector<int>& y, const std::string& what = "") {
  Doubles gradient(x.size());
  const double value = ct::reference::cross_entropy(
      x.data(), y.data(), gradient.data(), d,
      [&](std::size_t c) { return loss.class_weights.empty() ? 1.0 : static_cast<double>(loss.class_weights[c]); },
      loss.label_smoothing, loss.ignore_index);
  check<T>(loss, d, x, y, value, gradient, what);
  const cuda::StepResult got = run<T>(loss, d, x, y).result;
  const ct::View<const double> view{x.data(), 3, {d.n, d.c, d.s, 0}};
  test::check_close(Doubles{got.weight}, Doubles{loss.total_weight(view, y)}, 1e-12, words(d) + ": weight" + what);
  ct::detail::Hits want;
  if (d.s == 1) want = ct::detail::count_hits(ct::View<const double>{x.data(), 2, {d.n, d.c, 0, 0}}, y, loss);
  CHECK_MESSAGE(got.counted == want.counted, words(d), what);
  CHECK_MESSAGE(got.correct == want.correct, words(d), what);
}

}  // namespace

TEST_CASE("CrossEntropy on the GPU: extents, from one row to many blocks, one class to many") {
  for (const ct::LossExtents d : {ct::LossExtents{1, 1, 1},
                                  {1, 10, 1},
                                  {3, 2, 1},
                                  {4, 10, 1},
                                  {128, 10, 1},
                                  {1000, 10, 1},
                                  {700, 5, 1},
                                  {33, 100, 1},
                                  {2, 1000, 1},
                                  {130, 65, 1},
                                  {1, 2, 2},
                                  {2, 21, 35},
                                  {3, 70, 4},
                                  {5, 3, 4096},
                                  {9001, 3, 1}}) {
    const std::vector<int> y = labels_for(d, 0, -100);
    check_cross_entropy<float>({}, d, numbers<float>(d.n * d.c * d.s, d.n), y);
    if (d.n * d.s < 1000) check_cross_entropy<double>({}, d, numbers<double>(d.n * d.c * d.s, d.n), y);
  }
}

TEST_CASE("CrossEntropy on the GPU: ignored labels, class weights, smoothing") {
  for (const ct::LossExtents d : {ct::LossExtents{5, 10, 1}, {300, 7, 1}, {9, 80, 1}, {2, 6, 40}, {2, 3, 5000}})
    for (const int ignore_every : {0, 3})
      for (const bool weighted : {false, true})
        for (const double smoothing : {0.0, 0.1, 1.0}) {
          ct::CrossEntropy loss{.label_smoothing = smoothing, .ignore_index = ignore_every == 0 ? -100 : 255};
          if (weighted)
            for (const double w : numbers<float>(d.c, 5, 0, 2)) loss.class_weights.push_back(static_cast<float>(w));
          if (weighted) loss.class_weights[0] = 0;
          check_cross_entropy<float>(loss, d, numbers<float>(d.n * d.c * d.s, d.c), labels_for(d, ignore_every, 255),
                                     std::string(weighted ? ", weighted" : "") + (ignore_every ? ", ignoring" : "") +
                                         ", smoothing " + std::to_string(smoothing));
        }
}

TEST_CASE("CrossEntropy on the GPU: scores that are large, equal, infinite or no number") {
  const ct::LossExtents d{4, 3, 1};
  const std::vector<int> y{0, 1, 2, 1};
  check_cross_entropy<float>({}, d, {1e30, 0, -1e30, 80, 90, 100, 0, 0, 0, -200, -200, -100}, y, ", large");
  check_cross_entropy<float>({}, d, {2, 2, 1, 1, 3, 3, 7, 7, 7, -infinity, 0, -infinity}, y, ", equal");
  for (const double odd : {no_number, infinity})
    for (std::size_t at = 0; at < 12; ++at) {
      Doubles x = numbers<float>(12, at);
      x[at] = odd;
      const Outcome got = run<float>(ct::CrossEntropy{}, d, x, y);
      CHECK(std::isnan(got.result.value));
      for (std::size_t i = 0; i < 12; ++i) CHECK(std::isnan(got.gradient[i]) == (i / 3 == at / 3));
      const auto want =
          ct::detail::count_hits(ct::View<const double>{x.data(), 2, {4, 3, 0, 0}}, y, ct::CrossEntropy{});
      CHECK(got.result.correct == want.correct);
    }
  Doubles none(12, no_number);
  CHECK(run<float>(ct::CrossEntropy{}, d, none, y).result.correct == 0);
}

TEST_CASE("CrossEntropy on the GPU: where all labels are ignored, and where one is no class") {
  const ct::LossExtents d{4, 5, 1};
  const Doubles x = numbers<float>(20, 1);
  const Outcome all = run<float>(ct::CrossEntropy{}, d, x, std::vector<int>(4, -100));
  CHECK(std::isnan(all.result.value));
  CHECK(all.result.weight == 0);
  CHECK(all.result.counted == 0);
  for (const double g : all.gradient) CHECK(g == 0);
  for (const int label : {5, -1, 1 << 30})
    CHECK(std::isnan(run<float>(ct::CrossEntropy{}, d, x, std::vector<int>{0, 1, label, 2}).result.value));
}

TEST_CASE("losses of numbers on the GPU") {
  for (const ct::LossExtents d :
       {ct::LossExtents{1, 1, 1}, {1, 3, 1}, {7, 11, 1}, {128, 10, 1}, {3, 4, 1001}, {600, 1000, 1}}) {
    const std::size_t n = d.n * d.c * d.s;
    const Doubles x = numbers<float>(n, 1), y = numbers<float>(n, 2), p = numbers<float>(n, 3, 0, 1);
    Doubles g(n);
    for (const bool halved : {false, true}) {
      const double value =
          ct::reference::squared_error(x.data(), y.data(), g.data(), n, (halved ? 0.5 : 1.0) / static_cast<double>(n));
      check<float>(ct::MeanSquaredError{halved}, d, x, y, value, g, halved ? ", half" : "");
    }
    for (const double beta : {0.0, 0.5, 1.0}) {
      const double value = ct::reference::smooth_l1(x.data(), y.data(), g.data(), n, beta);
      check<float>(ct::SmoothL1{beta}, d, x, y, value, g, ", beta " + std::to_string(beta));
    }
    for (const std::size_t weights : {std::size_t{0}, std::size_t{1}, d.c})
      for (const std::size_t positives : {std::size_t{0}, std::size_t{1}, d.c}) {
        ct::BinaryCrossEntropyWithLogits loss;
        for (const double w : numbers<float>(weights, 7, 0, 2)) loss.weight.push_back(static_cast<float>(w));
        for (const double w : numbers<float>(positives, 8, 0, 3)) loss.pos_weight.push_back(static_cast<float>(w));
        const auto of = [](const std::vector<float>& w) {
          return [&w](std::size_t c) { return w.empty() ? 1.0 : static_cast<double>(w[w.size() == 1 ? 0 : c]); };
        };
        const double value =
            ct::reference::bce_with_logits(x.data(), p.data(), g.data(), d, of(loss.weight), of(loss.pos_weight));
        check<float>(loss, d, x, p, value, g,
                     ", " + std::to_string(weights) + " weights, " + std::to_string(positives) + " of positives");
        if (n > 10000) break;
      }
    check<double>(ct::MeanSquaredError{}, d, x, y,
                  ct::reference::squared_error(x.data(), y.data(), g.data(), n, 1.0 / static_cast<double>(n)), g, "");
  }
}

TEST_CASE("losses of numbers on the GPU keep a NaN where it is") {
  const ct::LossExtents d{2, 3, 1};
  Doubles x = numbers<float>(6, 1);
  const Doubles y = numbers<float>(6, 2, 0, 1);
  x[4] = no_number;
  const auto alone = [&](const auto& loss) {
    const Outcome got = run<float>(loss, d, x, y);
    CHECK(std::isnan(got.result.value));
    for (std::size_t i = 0; i < 6; ++i) CHECK(std::isnan(got.gradient[i]) == (i == 4));
  };
  alone(ct::MeanSquaredError{});
  alone(ct::SmoothL1{});
  alone(ct::SmoothL1{0});
  alone(ct::BinaryCrossEntropyWithLogits{});
}

TEST_CASE("losses on the GPU give the same bits every time") {
  for (const ct::LossExtents d : {ct::LossExtents{128, 10, 1}, {1000, 20, 1}, {40, 100, 1}, {3, 4, 4000}}) {
    const Doubles x = numbers<float>(d.n * d.c * d.s, 1);
    check_same<float>(ct::CrossEntropy{.label_smoothing = 0.1}, d, x, labels_for(d, 5, -100));
    check_same<float>(ct::MeanSquaredError{}, d, x, numbers<float>(x.size(), 2));
  }
}

TEST_CASE("losses on the GPU say what the losses of the CPU say") {
  const float* nothing = nullptr;
  const ct::View<const float> like{nothing, 2, {2, 3, 0, 0}};
  const auto words_of = [&](const auto& loss, const auto& targets) {
    const cuda::DeviceLoss<std::remove_cvref_t<decltype(loss)>, float> device(loss);
    const std::vector<float> x(6, 0.5f);
    std::vector<float> g(6);
    const std::string host = test::error_of([&] {
      static_cast<void>(loss.compute(ct::View<const float>{x.data(), 2, {2, 3, 0, 0}}, targets, std::span<float>{g}));
    });
    CHECK(test::error_of([&] { device.check(like, targets); }) == host);
    return host;
  };
  CHECK(words_of(ct::CrossEntropy{}, std::vector<int>{0, 3}) == "CrossEntropy: label 3 at row 1, classes 3");
  CHECK(words_of(ct::CrossEntropy{}, std::vector<int>{0}) == "CrossEntropy: 1 labels, logits 2 x 3 take 2");
  CHECK(words_of(ct::CrossEntropy{.class_weights = {1, 2}}, std::vector<int>{0, 1}) != "");
  CHECK(words_of(ct::CrossEntropy{}, std::vector<long long>{2, -100}) == "");
  CHECK(words_of(ct::MeanSquaredError{}, std::vector<float>(5)) != "");
  CHECK(words_of(ct::SmoothL1{-1}, std::vector<float>(6)) != "");
  CHECK(words_of(ct::BinaryCrossEntropyWithLogits{.pos_weight = {1, 2}}, std::vector<float>(6)) != "");
  CHECK(test::error_of([] { const cuda::DeviceLoss<ct::CrossEntropy, float> d({.ignore_index = 1ll << 40}); }) ==
        "CrossEntropy: ignore_index is 1099511627776, which no label on the GPU (int) is");
}

TEST_CASE("class probabilities, NLLLoss and sums on the GPU") {
  for (const ct::LossExtents d :
       {ct::LossExtents{1, 2, 1}, {5, 10, 1}, {300, 7, 1}, {9, 80, 1}, {2, 6, 40}, {9001, 3, 1}})
    for (const bool weighted : {false, true})
      for (const ct::Reduction reduction : {ct::Reduction::mean, ct::Reduction::sum}) {
        const std::size_t n = d.n * d.c * d.s;
        const Doubles x = numbers<float>(n, 1), p = numbers<float>(n, 3, 0, 1);
        const std::vector<int> y = labels_for(d, d.n > 1 ? 3 : 0, -100);
        std::vector<float> weights;
        if (weighted)
          for (const double w : numbers<float>(d.c, 5, 0, 2)) weights.push_back(static_cast<float>(w));
        const std::string what =
            std::string(weighted ? ", weighted" : "") + (reduction == ct::Reduction::sum ? ", sum" : ", mean");
        const ct::View<const double> view{x.data(), 3, {d.n, d.c, d.s, 0}};
        Doubles g(n);
        const auto one = [&](auto loss, const auto& targets, const std::string& of) {
          loss.reduction = reduction;
          const double total = loss.total_weight(view, targets);
          const double value = loss.plain(view, targets, g.data(), ct::Reduction::mean);
          loss.plain(view, targets, g.data(), reduction);
          check<float>(loss, d, x, targets, value, g, what + of);
          test::check_close(Doubles{run<float>(loss, d, x, targets).result.weight}, Doubles{total}, 1e-12, what + of);
        };
        one(ct::CrossEntropy{.label_smoothing = 0.1, .class_weights = weights}, y, "");
        one(ct::NLLLoss{.class_weights = weights}, y, "");
        one(ct::CrossEntropy{.class_weights = weights}, p, ", soft");
        one(ct::CrossEntropy{.label_smoothing = 0.3, .class_weights = weights}, p, ", soft and smoothed");
        one(ct::MeanSquaredError{.half = true}, p, "");
        one(ct::SmoothL1{.beta = 0.5}, p, "");
        one(ct::BinaryCrossEntropyWithLogits{.pos_weight = weights}, p, "");
        if (d.s > 1) continue;
        const cuda::StepResult got = run<float>(ct::CrossEntropy{}, d, x, p).result;
        const auto want =
            ct::detail::count_hits(ct::View<const double>{x.data(), 2, {d.n, d.c, 0, 0}}, p, ct::CrossEntropy{});
        CHECK(got.counted == want.counted);
        CHECK(got.correct == want.correct);
      }
  const ct::LossExtents d{70, 5, 1};
  check_same<float>(ct::CrossEntropy{.label_smoothing = 0.1}, d, numbers<float>(350, 1), numbers<float>(350, 3, 0, 1));
  check_same<float>(ct::NLLLoss{}, d, numbers<float>(350, 1), labels_for(d, 3, -100));
}
