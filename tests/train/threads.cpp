// SPDX-License-Identifier: MIT
// Threads: the same bits for any number of them, and the numbers of one thread's backend up to rounding. Built without
// OpenMP the same holds, with one thread.
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <ctnet/ctnet.hpp>

#include "../support/compare.hpp"
#include "problems.hpp"
#include "threaded.hpp"

using namespace ctnet;
using namespace test;

namespace {

using Threaded = MixedOn<Cpu<float, OpenMP>>;

std::vector<int> some_labels(std::size_t n) {
  std::vector<int> y(n);
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<int>(i * 7 % 10);
  return y;
}

// All that `steps` steps leave.
template <class Config>
std::vector<float> train(int threads, std::size_t batch, Config config, int steps) {
  set_num_threads(threads);
  Threaded net{Seed{1}};
  Optimizer step{net, config};
  const auto x = random_numbers<float>(batch * 768, 1);
  const auto y = some_labels(batch);
  std::vector<float> all;
  const auto keep = [&](const auto& v) { all.insert(all.end(), v.begin(), v.end()); };
  for (int i = 0; i < steps; ++i) {
    const auto logits = net.forward(x);
    keep(logits);
    const auto loss = CrossEntropy{.label_smoothing = 0.1}(logits, y);
    all.push_back(loss.value);
    if (i % 3 == 2)
      keep(net.backward_to_input(loss.gradient));
    else
      net.backward(loss.gradient);
    step.clip_grad_norm(0.5);
    step();
  }
  keep(net.parameters());
  keep(net.statistics());
  keep(net.predict(x));
  return all;
}

}  // namespace

TEST_CASE("threads: what a backend's policies are") {
  using Plain = Cpu<>;
  static_assert(!Plain::threads && !Plain::exact && !Plain::split_bf16);
  using All = Cpu<double, Exact, OpenMP>;
  static_assert(All::threads && All::exact && !All::split_bf16);
  static_assert(Cpu<float, OpenMP, SplitBf16>::split_bf16);
  static_assert(std::is_same_v<All::scalar, double> && std::is_same_v<All::fallback, Cpu<double, Exact>>);
  static_assert(std::is_same_v<All::fallback::fallback, Cpu<double>>);
  static_assert(std::is_same_v<Cpu<float, OpenMP>::fallback, Cpu<float>>);
  static_assert(std::is_same_v<Plain::fallback, Reference<float>>);
  CHECK_SAYS(set_num_threads(0), "set_num_threads: 0 threads, expected 1 or more");
  CHECK(get_num_threads() >= 1);
}

TEST_CASE("threads: the cut depends on the batch, and is fine enough and not too fine") {
  const ImageCost lenet{3 * 651'720, 20'000, 62'006};
  CHECK(chunks_of(1, lenet) == 1);
  CHECK(chunks_of(4, lenet) == 2);
  CHECK(chunks_of(32, lenet) == 2);
  CHECK(chunks_of(128, lenet) == 4);
  CHECK(chunks_of(100'000, lenet) == max_chunks);
  const ImageCost resnet50{3 * 4'100'000'000, 30'000'000, 25'600'000};
  CHECK(chunks_of(2, resnet50) == 2);
  CHECK(chunks_of(3, resnet50) == 2);
  CHECK(chunks_of(16, resnet50) == 16);
  const ImageCost tiny{3 * 1000, 100, 500};
  CHECK(chunks_of(32, tiny) == 1);
  const ImageCost wide{3 * 100'000'000, 10'000, 100'000'000};  // nearly all parameters: each is used once an image
  CHECK(chunks_of(64, wide) == 1);
  CHECK(chunks_of(5, {}) == 1);
  for (i64 n = 1; n < 300; ++n) CHECK(chunks_of(n, lenet) <= n);
}

TEST_CASE("threads: the same bits for any number, ten steps") {
  const RestoreThreads restore;
  Threaded net{Seed{1}};
  CHECK(net.engine().training_chunks(1) == 1);
  CHECK(net.engine().training_chunks(2) == 2);
  CHECK(net.engine().training_chunks(140) == 4);
  const auto check = [](const std::string& name, auto config) {
    for (const std::size_t batch : {1u, 2u, 3u, 7u, 33u, 140u}) {
      if (batch == 1) continue;  // the features' BatchNorm takes two
      const int steps = batch == 140 ? 2 : 10;
      const auto one = train(1, batch, config, steps);
      for (const int threads : {2, 3, 5}) {
        const auto more = train(threads, batch, config, steps);
        REQUIRE(more.size() == one.size());
        CHECK_MESSAGE(std::memcmp(more.data(), one.data(), one.size() * sizeof(float)) == 0, name, ", batch ", batch,
                      ", ", threads, " threads: other bits than with one");
      }
    }
  };
  check("SGD", SGD{.learning_rate = 0.05f, .momentum = 0.9});
  check("Adam", Adam{.learning_rate = 0.01f});
}

TEST_CASE("threads: Muon's products in pieces") {
  const RestoreThreads restore;
  for (const auto& [rows, cols] : {std::pair<i64, i64>{200, 110}, {70, 300}}) {
    const auto n = static_cast<std::size_t>(rows * cols);
    const auto g = random_numbers<float>(n, 4);
    std::vector<float> want;
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      std::vector<float> p = random_numbers<float>(n, 5), b(n), work(Muon::workspace(rows, cols));
      float* const state[] = {b.data(), nullptr, nullptr};
      for (int i = 0; i < 2; ++i)
        Muon{}.apply_matrix({0.1, 0.01, 1}, rows, cols, p.data(), g.data(), state, work.data(), true);
      if (threads == 1) want = p;
      check_same_bits(p, want, std::to_string(threads) + " threads");
    }
  }
}

TEST_CASE("threads: losses and the norm of gradients of many elements") {
  const RestoreThreads restore;
  const std::size_t rows = 5000, classes = 33;
  const auto x = random_numbers<float>(rows * classes, 7), t = random_numbers<float>(rows * classes, 8);
  std::vector<int> y(rows);
  for (std::size_t i = 0; i < rows; ++i) y[i] = static_cast<int>(i % classes);
  y[17] = -100;
  auto probabilities = t;
  for (float& p : probabilities) p = (p + 1) / 2;
  const View<const float> logits{x.data(), 2, {rows, classes, 0, 0}};
  const auto check = [&](const auto& loss, const auto& targets) {
    using Loss = std::remove_cvref_t<decltype(loss)>;
    std::vector<float> want(x.size()), got(x.size());
    const float value = LossKernel<Loss, Cpu<float>>::compute(loss, logits, targets, std::span<float>{want});
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      CHECK(LossKernel<Loss, Cpu<float, OpenMP>>::compute(loss, logits, targets, std::span<float>{got}) == value);
      check_same_bits(got, want, std::string(Loss::name) + ", " + std::to_string(threads) + " threads");
    }
  };
  check(CrossEntropy{.label_smoothing = 0.1}, y);
  check(CrossEntropy{.label_smoothing = 0.1}, View<const float>{probabilities.data(), 2, {rows, classes, 0, 0}});
  check(MeanSquaredError{}, t);
  check(SmoothL1{.beta = 0.3}, t);
  check(BinaryCrossEntropyWithLogits{}, std::vector<float>(x.size(), 0.25f));
  double norm = 0;
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    const double n = OptimizerKernel<SGD, Cpu<float, OpenMP>>::squared_norm(x.data(), x.size());
    if (threads == 1) norm = n;
    CHECK(n == norm);
  }
}

TEST_CASE("threads: fit and evaluate") {
  const RestoreThreads restore;
  const auto data = pictures(150);
  using Small = Sequential<Conv<1, 16, 3, Pad<1>>, BatchNorm<16>, ReLU, Conv<16, 64, 3, Pad<1>>, ReLU, MaxPool<2>,
                           Conv<64, 16, 3, Pad<1>>, ReLU, Dropout<>, Flatten, Linear<144, 4>>;
  std::vector<float> state;
  History history;
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    Network<Small, Image<1, 6, 6>, Cpu<float, OpenMP>> net{Seed{2}};
    REQUIRE(net.engine().training_chunks(64) > 1);
    data::Loader loader{data, data::Compose{}, {.batch_size = 64, .shuffle = true, .seed = 3}};
    const History h = fit(net, loader, SGD{.learning_rate = 0.05f, .momentum = 0.9}, CrossEntropy{}, {.epochs = 2},
                          data::Loader{data, data::Compose{}, {.batch_size = 50}});
    if (threads == 1) {
      state = net.state();
      history = h;
      continue;
    }
    check_same_history(h, history);
    CHECK(same_bits(net.state(), state));
  }
}

TEST_CASE("threads: errors leave as they are, the first chunk's first") {
  for (const int workers : {1, 2, 3}) {
    CHECK_SAYS(cpu::each_chunk(workers, 8,
                               [](int k, int) {
                                 if (k >= 3) fail("chunk ", k);
                               }),
               "chunk 3");
  }
  Threaded net{Seed{1}};
  CHECK_SAYS(net.forward(std::vector<float>(768)), "BatchNorm<9> cannot be trained on 1 value per channel");
  CHECK_SAYS(net.backward(std::vector<float>(10)), "backward: there is no forward before it");
}

TEST_CASE("threads: networks of several threads, and calls within a parallel region") {
  const RestoreThreads restore;
  const SGD config{.learning_rate = 0.05f, .momentum = 0.9};
  const auto want = train(2, 7, config, 3);
  std::vector<float> got[4];
  {
    std::vector<std::jthread> threads;
    for (auto& g : got) threads.emplace_back([&g, config] { g = train(2, 7, config, 3); });
  }
  for (const auto& g : got) CHECK(same_bits(g, want));
#ifdef _OPENMP
#  pragma omp parallel for num_threads(2)
  for (int i = 0; i < 2; ++i) got[i] = train(2, 7, config, 3);
  for (int i = 0; i < 2; ++i) CHECK(same_bits(got[i], want));
#endif
}

TEST_CASE("threads: profile") {
  const RestoreThreads restore;
  set_num_threads(2);
  Threaded net{Seed{1}};
  const Profile p = profile(net, random_numbers<float>(33 * 768, 1), 2);
  for (const LayerTime& l : p.layers)
    if (l.name.type.find("BatchNorm") != std::string::npos) CHECK((l.forward > 0 && l.backward > 0));
}
