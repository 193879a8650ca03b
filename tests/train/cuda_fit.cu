// SPDX-License-Identifier: MIT
// fit, evaluate, checkpoints and the steps captured as graphs: on the GPU as on the CPU, the same program text.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <vector>

#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>
#include <ctnet/cuda_data.hpp>

#include "program/nets.hpp"
#include "support/compare.hpp"
#include "support/error.hpp"
#include "support/values.hpp"
#include "train/problems.hpp"

using namespace test;
using ctnet::Cuda;
using ctnet::Reference;
using ctnet::Seed;

namespace {

using Net = ctnet::Sequential<ctnet::Conv<1, 4, 3, ctnet::Pad<1>, ctnet::NoBias>, ctnet::BatchNorm<4>, ctnet::ReLU,
                              ctnet::MaxPool<2>, ctnet::Flatten, ctnet::Linear<36, 16>, ctnet::ReLU,
                              ctnet::Dropout<1, 4>, ctnet::Linear<16, 4>>;
using In = ctnet::Image<1, 6, 6>;

template <class Backend, class Config>
ctnet::History trained(const Config& config, const ctnet::FitOptions& options,
                       std::vector<typename Backend::scalar>& state) {
  auto set = pictures(50, 1), other = pictures(20, 2);
  ctnet::data::Loader loader{
      set, ctnet::data::Compose<>{}, {.batch_size = 16, .shuffle = true, .seed = 5}};  // the last batch has 2
  ctnet::data::Loader validation{other, ctnet::data::Compose<>{}, {.batch_size = 20}};
  ctnet::Network<Net, In, Backend> net{Seed{9}};
  const auto history = fit(net, loader, config, ctnet::CrossEntropy{.label_smoothing = 0.1}, options, validation);
  state = net.state();
  return history;
}

template <class Config>
void same_curves(const Config& config, ctnet::FitOptions options) {
  options.epochs = 4;
  options.record_steps = true;
  std::vector<float> want_state, got_state;
  const auto want = trained<ctnet::Cpu<>>(config, options, want_state);
  const auto got = trained<Cuda<>>(config, options, got_state);
  REQUIRE(got.steps.size() == want.steps.size());
  for (std::size_t i = 0; i < want.steps.size(); ++i)
    CHECK_MESSAGE(std::fabs(got.steps[i].loss - want.steps[i].loss) <= 2e-4 * want.steps[i].loss, "step ", i, ": ",
                  got.steps[i].loss, ", expected ", want.steps[i].loss);
  REQUIRE(got.size() == want.size());
  for (std::size_t e = 0; e < want.size(); ++e) {
    CHECK(got[e].images == want[e].images);
    CHECK(got[e].accuracy == doctest::Approx(want[e].accuracy).epsilon(0.03));
    CHECK(got[e].validation_loss == doctest::Approx(want[e].validation_loss).epsilon(1e-3));
    CHECK(got[e].learning_rate == want[e].learning_rate);
  }
  CHECK(difference(got_state, want_state).relative < 2e-3);
}

template <class Images, class Labels>
struct Piece {
  std::remove_const_t<Images> images;
  std::remove_const_t<Labels> labels;
};

}  // namespace

TEST_CASE("cuda: fit goes as on the CPU") {
  SUBCASE("SGD with momentum, weight decay, clipping and a schedule") {
    same_curves(ctnet::SGD{.learning_rate = 0.05f, .momentum = 0.9, .weight_decay = 1e-3},
                {.schedule = ctnet::CosineAnnealing{}, .clip_grad_norm = 0.7});
  }
  SUBCASE("Adam") { same_curves(ctnet::Adam{.learning_rate = 3e-3f}, {}); }
  SUBCASE("AdamW with a callback after each step") {
    std::vector<double> seen;
    same_curves(ctnet::AdamW{.learning_rate = 3e-3f},
                {.on_batch = [&](const ctnet::BatchReport& r) { seen.push_back(r.loss); }});
    CHECK(seen.size() == 2 * 4 * 4);
  }
}

TEST_CASE("cuda: frozen layers rest as on the CPU, also where they change while steps are captured") {
  const auto run = [&]<class B>(B*) {
    auto set = pictures(48, 1);
    ctnet::data::Loader loader{set, ctnet::data::Compose<>{}, {.batch_size = 8, .seed = 5}};
    ctnet::Network<Net, In, B> net{Seed{9}};
    for (auto& v : net.statistics()) v = v + 0.25f;
    ctnet::freeze(net, 0);
    ctnet::freeze(net, "1");
    std::vector<float> before = net.state(), after;
    ctnet::FitOptions options{.epochs = 2};
    options.on_batch = [&](const ctnet::BatchReport& r) {
      if (r.step == 5) after = net.state(), ctnet::unfreeze(net), ctnet::freeze(net, 5);
    };
    fit(net, loader, ctnet::AdamW{.learning_rate = 1e-2f}, ctnet::CrossEntropy{}, options);
    const std::size_t frozen = 4 * 9 + 4 * 4;  // the convolution's weight and all of the norm
    CHECK(std::equal(before.begin(), before.begin() + frozen, after.begin()));
    CHECK(!std::equal(before.begin() + frozen, before.end(), after.begin() + frozen));
    const std::vector<float> state = net.state();
    for (std::size_t i = 0; i < frozen; ++i) CHECK(state[i] != before[i]);
    const std::size_t linear = 36 * 16 + 16;
    CHECK(std::equal(after.begin() + frozen, after.begin() + frozen + linear, state.begin() + frozen));
    return state;
  };
  const auto want = run(static_cast<ctnet::Cpu<>*>(nullptr));
  check_close(run(static_cast<Cuda<>*>(nullptr)), want, 2e-3, "frozen");
}

TEST_CASE("cuda: a loss that is no number ends the run and changes nothing") {
  std::vector<float> x(30 * 36, 0.5f);
  std::vector<int> y(30, 1);
  for (std::size_t i = 20 * 36; i < x.size(); ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  ctnet::data::TensorDataset<In> set{x, y};
  ctnet::data::Loader loader{set, ctnet::data::Compose<>{}, {.batch_size = 10}};
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
  ctnet::Network<Plain, In, Cuda<>> net{Seed{9}}, same{Seed{9}};
  const std::string text = error_of([&] {
    fit(net, loader, ctnet::SGD{.learning_rate = 0.1f, .momentum = 0.9}, ctnet::CrossEntropy{}, {.epochs = 3});
  });
  CHECK_MESSAGE(text.find("fit: the loss is nan at step 3 (epoch 1, batch 3") == 0, text);
  ctnet::data::TensorDataset<In> good{std::vector<float>(20 * 36, 0.5f), std::vector<int>(20, 1)};
  ctnet::data::Loader two{good, ctnet::data::Compose<>{}, {.batch_size = 10}};
  fit(same, two, ctnet::SGD{.learning_rate = 0.1f, .momentum = 0.9}, ctnet::CrossEntropy{}, {.epochs = 1});
  CHECK(same_bits(net.state(), same.state()));
}

TEST_CASE("cuda: an epoch's loss is one mean over it, and a batch in which nothing counts is as on the CPU") {
  const auto x = values<float>("x", 12 * 36);
  const std::vector<int> y{0, -100, 2, 3, -100, -100, -100, -100, 1, 2, -100, 1};
  const ctnet::CrossEntropy loss{.class_weights = {1, 5, 0.1f, 2}};
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
  const auto run = [&]<class B>(B*, int batch, float rate) {
    ctnet::data::Loader loader{ctnet::data::TensorDataset<In>{x, y}, ctnet::data::Compose<>{}, {.batch_size = batch}};
    ctnet::Network<Plain, In, B> net{Seed{9}};
    const auto history = fit(net, loader, ctnet::SGD{.learning_rate = rate, .momentum = 0.9}, loss,
                             {.epochs = 2, .clip_grad_norm = 1}, loader);
    return std::pair{history, net.state()};
  };
  constexpr Cuda<>* gpu = nullptr;
  constexpr ctnet::Cpu<>* cpu = nullptr;
  const double whole = run(cpu, 12, 0).first.back().loss;
  for (const int n : {12, 7, 4, 1}) CHECK(run(gpu, n, 0).first.back().loss == doctest::Approx(whole).epsilon(1e-5));
  const auto want = run(cpu, 4, 0.1f), got = run(gpu, 4, 0.1f);
  CHECK(got.first.back().loss == doctest::Approx(want.first.back().loss).epsilon(1e-4));
  CHECK(got.first.back().validation_loss == doctest::Approx(want.first.back().validation_loss).epsilon(1e-4));
  CHECK(difference(got.second, want.second).relative < 1e-4);
}

TEST_CASE("cuda: batches of class probabilities, of labels and sums go as on the CPU") {
  struct Soft {
    std::vector<float> images, targets;
  };
  std::vector<Soft> batches;
  const auto x = values<float>("x", 12 * 36), p = values<float>("p", 12 * 4);
  for (std::size_t i = 0; i < 12; i += 4) {
    Soft b{{x.data() + i * 36, x.data() + (i + 4) * 36}, {p.data() + i * 4, p.data() + (i + 4) * 4}};
    for (float& t : b.targets) t = (t + 1) / 2;
    batches.push_back(b);
  }
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
  const ctnet::CrossEntropy loss{
      .label_smoothing = 0.1, .class_weights = {1, 5, 0.1f, 2}, .reduction = ctnet::Reduction::sum};
  ctnet::data::Loader labels{pictures(20, 2), ctnet::data::Compose<>{}, {.batch_size = 4}};
  const auto run = [&]<class B>(B*) {
    ctnet::Network<Plain, In, B> net{Seed{9}};
    const auto soft = fit(net, batches, ctnet::SGD{.learning_rate = 0.02f}, loss, {.epochs = 3}, batches);
    const auto hard = fit(net, labels, ctnet::SGD{.learning_rate = 0.02f}, loss, {.epochs = 2});
    return std::tuple{soft, hard, net.state()};
  };
  const auto [soft, hard, state] = run(static_cast<ctnet::Cpu<>*>(nullptr));
  const auto [got_soft, got_hard, got_state] = run(static_cast<Cuda<>*>(nullptr));
  for (std::size_t e = 0; e < 3; ++e) {
    CHECK(got_soft[e].loss == doctest::Approx(soft[e].loss).epsilon(1e-4));
    CHECK(got_soft[e].accuracy == soft[e].accuracy);
    CHECK(got_soft[e].validation_loss == doctest::Approx(soft[e].validation_loss).epsilon(1e-4));
  }
  CHECK(got_hard.back().loss == doctest::Approx(hard.back().loss).epsilon(1e-4));
  CHECK(difference(got_state, state).relative < 1e-4);
}

TEST_CASE("cuda: gathered batches and the best epoch are as on the CPU") {
  const auto run = [&]<class B>(B*, int batch, int accumulate) {
    ctnet::data::Loader loader{pictures(30, 2), ctnet::data::Compose<>{}, {.batch_size = batch}};
    ctnet::data::Loader other{pictures(20, 3), ctnet::data::Compose<>{}, {.batch_size = 20}};
    using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
    ctnet::Network<Plain, In, B> net{Seed{9}};
    const auto history = fit(
        net, loader, ctnet::SGD{.learning_rate = 0.1f, .momentum = 0.9}, ctnet::CrossEntropy{.label_smoothing = 0.1},
        {.epochs = 3, .clip_grad_norm = 0.7, .accumulate = accumulate, .keep = ctnet::Keep::best_validation_loss},
        other);
    return std::pair{history, net.state()};
  };
  const auto [want, state] = run(static_cast<ctnet::Cpu<>*>(nullptr), 12, 1);
  const auto [got, got_state] = run(static_cast<Cuda<>*>(nullptr), 4, 3);
  for (std::size_t e = 0; e < 3; ++e) CHECK(got[e].loss == doctest::Approx(want[e].loss).epsilon(1e-4));
  CHECK(got.kept_epoch == want.kept_epoch);
  CHECK(difference(got_state, state).relative < 1e-4);
}

TEST_CASE("cuda: batches of pieces of tensors train as copies of them do") {
  xt::xtensor<float, 2> images({8, 5});
  const auto x = values<float>("x", images.size());
  std::copy(x.begin(), x.end(), images.begin());
  const xt::xtensor<int, 2> labels{{9, 0}, {9, 1}, {9, 2}, {9, 0}, {9, 1}, {9, 2}, {9, 1}, {9, 0}};
  const auto piece = [&](std::size_t from, std::size_t to) {
    const auto some = xt::view(images, xt::range(from, to), xt::range(1, 4));
    const auto truths = xt::view(labels, xt::range(from, to), 1);
    return Piece<decltype(some), decltype(truths)>{some, truths};
  };
  std::vector<decltype(piece(0, 1))> pieces;
  std::vector<Piece<std::vector<float>, std::vector<int>>> copies;
  for (const std::size_t from : {2u, 5u}) {
    pieces.push_back(piece(from, from + 3));
    const auto& p = pieces.back();
    copies.push_back({{p.images.begin(), p.images.end()}, {p.labels.begin(), p.labels.end()}});
  }
  ctnet::Network<ctnet::Sequential<ctnet::Linear<3, 3>>, ctnet::Features<3>, Cuda<>> a{Seed{1}}, b{Seed{1}};
  fit(a, pieces, ctnet::SGD{.learning_rate = 0.1f}, ctnet::CrossEntropy{}, {.epochs = 2});
  fit(b, copies, ctnet::SGD{.learning_rate = 0.1f}, ctnet::CrossEntropy{}, {.epochs = 2});
  CHECK(a.state() == b.state());
  CHECK(a.state() != decltype(a){Seed{1}}.state());
}

TEST_CASE("cuda: wrong labels and shapes are refused as on the CPU") {
  std::vector<float> x(4 * 36, 0.5f);
  ctnet::data::TensorDataset<In> set{x, std::vector<int>{0, 1, 7, 2}};
  ctnet::data::Loader loader{set, ctnet::data::Compose<>{}, {.batch_size = 4}};
  const auto refused = [&]<class B>(B*) {
    ctnet::Network<Net, In, B> net{Seed{1}};
    return error_of([&] { fit(net, loader, ctnet::SGD{}, ctnet::CrossEntropy{}); });
  };
  const std::string want = refused(static_cast<ctnet::Cpu<>*>(nullptr));
  CHECK(want.find("label 7") != std::string::npos);
  CHECK(refused(static_cast<Cuda<>*>(nullptr)) == want);
}

TEST_CASE("cuda: a run that was interrupted goes on with the same bits, and on the CPU too") {
  const std::string file = (std::filesystem::temp_directory_path() / "ctnet_cuda_checkpoint.safetensors").string();
  std::filesystem::remove(file);
  auto set = pictures(48, 1);
  const auto run = [&]<class B>(B*, int epochs, const std::string& checkpoint) {
    ctnet::data::Loader loader{set, ctnet::data::Compose<>{}, {.batch_size = 16, .shuffle = true, .seed = 5}};
    ctnet::Network<Net, In, B> net{Seed{9}};
    fit(net, loader, ctnet::Adam{.learning_rate = 1e-2f}, ctnet::CrossEntropy{},
        {.epochs = epochs, .checkpoint = checkpoint, .checkpoint_every = 2});
    return net.state();
  };
  constexpr Cuda<>* gpu = nullptr;
  const auto whole = run(gpu, 3, "");
  run(gpu, 1, file);
  std::filesystem::copy_file(file, file + ".cpu", std::filesystem::copy_options::overwrite_existing);
  CHECK(same_bits(run(gpu, 3, file), whole));
  check_close(run(static_cast<ctnet::Cpu<>*>(nullptr), 3, file + ".cpu"), whole, 1e-3, "resumed on the CPU");
  std::filesystem::remove(file);
  std::filesystem::remove(file + ".cpu");
}

TEST_CASE("cuda: a caller's own loop, and save and load") {
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 8>, ctnet::ReLU, ctnet::Linear<8, 4>>;
  const auto x = values<float>("x", 12 * 36);
  std::vector<int> y(12);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int>(i % 4);
  const auto loop = [&]<class B>(B*) {
    ctnet::Network<Plain, In, B> net{Seed{1}};
    ctnet::Optimizer step{net, ctnet::Adam{.learning_rate = 1e-2f}};
    double last = 0;
    for (int i = 0; i < 30; ++i) {
      const auto logits = net.forward(x);
      const auto loss = ctnet::CrossEntropy{}(logits, y);
      net.backward(loss.gradient);
      step();
      last = static_cast<double>(loss.value);
    }
    const std::string file = (std::filesystem::temp_directory_path() / "ctnet_cuda_weights.safetensors").string();
    ctnet::save(net, file);
    ctnet::Network<Plain, In, ctnet::Cpu<>> host{Seed{2}};
    ctnet::load(host, file);
    CHECK(same_bits(host.state(), net.state()));
    std::filesystem::remove(file);
    return last;
  };
  const double want = loop(static_cast<ctnet::Cpu<>*>(nullptr));
  CHECK(loop(static_cast<Cuda<>*>(nullptr)) == doctest::Approx(want).epsilon(1e-4));
}

TEST_CASE("cuda: a step is one graph, allocates nothing, and gives the same bits captured and not") {
  ctnet::Network<nets::LeNet, ctnet::Image<3, 32, 32>, Cuda<>> net{Seed{1}}, other{Seed{1}};
  ctnet::Optimizer step{net, ctnet::SGD{.learning_rate = 0.01f, .momentum = 0.9}};
  const ctnet::CrossEntropy loss{};
  struct Batch {
    std::vector<float> images;
    std::vector<int> labels;
  } batch{values<float>("x", 4 * 3072), {1, 2, 3, 4}};
  ctnet::Trainer trainer{net, step, loss};
  const auto steps = [&](int n) {
    double last = 0;
    for (int i = 0; i < n; ++i) {
      trainer.submit(batch);
      last = trainer.collect().loss;
    }
    return last;
  };
  steps(5);
  const std::size_t nodes = trainer.graph_nodes(4);
  CHECK(nodes > 0);
  MESSAGE("LeNet's training step of 4 images: ", nodes, " nodes");
#ifdef CTNET_EMULATED_DEVICE
  const std::size_t allocations = ctnet_device::memory_calls();
#endif
  const double last = steps(5);
#ifdef CTNET_EMULATED_DEVICE
  CHECK(ctnet_device::memory_calls() == allocations);
#endif
  ctnet::Optimizer other_step{other, ctnet::SGD{.learning_rate = 0.01f, .momentum = 0.9}};
  double want = 0;
  for (int i = 0; i < 10; ++i) {
    const auto logits = other.forward(batch.images);
    const auto l = loss(logits, batch.labels);
    other.backward(l.gradient);
    other_step();
    want = static_cast<double>(l.value);
  }
  CHECK(last == doctest::Approx(want).epsilon(1e-5));
  CHECK(difference(net.state(), other.state()).relative < 1e-5);
}

TEST_CASE("cuda: gradients that were cleared are zeros to a step") {
  using Plain = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<36, 4>>;
  ctnet::Network<Plain, In, Cuda<>> net{Seed{1}};
  ctnet::Optimizer step{net, ctnet::SGD{.learning_rate = 1}};
  const auto before = net.state();
  net.forward(values<float>("x", 36));
  net.backward(std::vector<float>{1, 2, 3, 4});
  net.zero_grad();
  CHECK(step.clip_grad_norm(1) == 0);
  step();
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("cuda: a data set on the GPU whose labels are no classes of the network is refused") {
  std::vector<float> x(4 * 36, 0.5f);
  ctnet::data::TensorDataset<In> set{x, std::vector<int>{0, 1, 7, 2}};
  ctnet::cuda::ResidentLoader loader{set, ctnet::data::Compose<>{}, {.batch_size = 4}};
  ctnet::Network<Net, In, Cuda<>> net{Seed{1}};
  CHECK(error_of([&] { fit(net, loader, ctnet::SGD{}, ctnet::CrossEntropy{}); }) ==
        "fit: the loader has labels up to 7, the network gives 4 classes");
}
