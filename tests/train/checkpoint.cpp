// SPDX-License-Identifier: MIT
// Checkpoints: a run that is broken off and resumed, at an epoch's end or within one, once or many times, ends with the
// bits of one that was not. A file that is wrong changes neither network nor optimizer.
#include <sys/resource.h>

#include <csignal>

#include <ctnet/ctnet.hpp>

#include "io/temporary.hpp"
#include "problems.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Layers = Sequential<Conv<1, 3, 3>, BatchNorm<3>, ReLU, Dropout<30>, Flatten, Linear<48, 4>>;
using Net = Network<Layers, Image<1, 6, 6>>;

auto flipped(int workers = 0) {
  return data::Loader{test::pictures(44),
                      data::Compose{data::RandomHorizontalFlip{}},
                      {.batch_size = 8, .shuffle = true, .workers = workers, .seed = 3}};
}

FitOptions options(const std::string& checkpoint = {}, i64 every = 0) {
  FitOptions o{
      .epochs = 3, .clip_grad_norm = 2, .record_steps = true, .checkpoint = checkpoint, .checkpoint_every = every};
  o.schedule = LinearWarmup{.steps = 4, .then = CosineAnnealing{}};
  return o;
}

// All that a run leaves: compared bit by bit.
template <class Config>
struct Outcome {
  std::vector<float> state;
  std::vector<std::vector<float>> parts;
  i64 steps = 0;
  std::uint64_t seed = 0, draws = 0;
  History history;
};
template <class Config, class Optimizer>
Outcome<Config> outcome(Net& net, Optimizer& optimizer, const History& history) {
  Outcome<Config> o{net.state(), {}, optimizer.steps(), net.engine().seed(), net.engine().step(), history};
  for (const auto& part : optimizer.state()) o.parts.emplace_back(part.values.begin(), part.values.end());
  return o;
}
template <class Config>
void check_same(const Outcome<Config>& a, const Outcome<Config>& b) {
  CHECK(same_bits(a.state, b.state));
  REQUIRE(a.parts.size() == b.parts.size());
  for (std::size_t i = 0; i < a.parts.size(); ++i) CHECK(same_bits(a.parts[i], b.parts[i]));
  CHECK(a.steps == b.steps);
  CHECK(a.seed == b.seed);
  CHECK(a.draws == b.draws);
  test::check_same_history(a.history, b.history);
}

struct Interrupted {};

// A run broken off by an exception in the callback of each of these steps (below 0: epochs), each time gone on with by
// a new network and a new optimizer, of another seed where there is a checkpoint to replace it.
template <class Config>
Outcome<Config> run(const Config& config, const std::string& path, i64 every, std::vector<i64> broken_at,
                    int workers = 0) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    Net net{Seed{io::file_exists(path) ? 100 + attempt : 1}};
    Optimizer optimizer{net, config};
    FitOptions o = options(path, every);
    o.on_batch = [&](const BatchReport& r) {
      if (attempt < broken_at.size() && r.step == broken_at[attempt]) throw Interrupted{};
    };
    o.on_epoch = [&](const EpochReport& r) {
      if (attempt < broken_at.size() && -r.record.epoch == broken_at[attempt]) throw Interrupted{};
    };
    auto images = flipped(workers);
    try {
      const History h = fit(net, images, optimizer, CrossEntropy{}, o, images);
      return outcome<Config>(net, optimizer, h);
    } catch (const Interrupted&) {
    }
  }
}

template <class Config>
void check_resumes(const Config& config) {
  TemporaryFolder folder;
  const auto whole = run(config, {}, 0, {});  // 3 epochs of 6 steps
  CHECK(whole.history.size() == 3);
  CHECK(whole.steps == 18);
  CHECK(whole.history.back().loss < whole.history.front().loss);
  int file = 0;
  const auto check = [&](i64 every, const std::vector<i64>& broken_at) {
    CAPTURE(every);
    CAPTURE(broken_at.size());
    ++file;
    check_same(run(config, folder / std::to_string(file), every, broken_at, file % 3), whole);
  };
  check(0, {});  // saving changes nothing
  check(1, {});
  check(0, {3});  // before the first checkpoint: from the start
  check(0, {7});  // goes back to the end of the first epoch
  check(0, {12, 18});
  check(4, {10});              // in mid epoch
  check(6, {6, 7, 12, 13});    // the checkpoint at an epoch's last step
  check(6, {-1, -1, -2, -3});  // between that and the epoch's end
  check(1, {1, 2, 3, 5, 5, 6, 7, 8, 12, 17, 18});
  check(5, {6, 11, 9, 16, 16, 17});
}

}  // namespace

TEST_CASE("resumed runs: SGD") { check_resumes(SGD{.learning_rate = 0.05f}); }
TEST_CASE("resumed runs: SGD with momentum") {
  check_resumes(SGD{.learning_rate = 0.03f, .momentum = 0.9, .dampening = 0.1, .weight_decay = 1e-3});
}
TEST_CASE("resumed runs: Adam, AMSGrad") { check_resumes(Adam{.learning_rate = 0.02f, .amsgrad = true}); }
TEST_CASE("resumed runs: AdamW") { check_resumes(AdamW{.learning_rate = 0.02f, .decay_biases_and_norms = false}); }

TEST_CASE("a finished run is not run again; more epochs go on; resume = false begins anew") {
  TemporaryFolder folder;
  const Adam adam{.learning_rate = 0.02f};
  auto images = flipped();
  Net a{Seed{1}};
  FitOptions o{.epochs = 2, .checkpoint = folder / "run"};
  const History first = fit(a, images, adam, CrossEntropy{}, o);
  const io::Bytes file = io::read_file(folder / "run");
  Net b{Seed{2}};
  test::check_same_history(fit(b, images, adam, CrossEntropy{}, o), first);
  CHECK(same_bits(a.state(), b.state()));
  CHECK(io::read_file(folder / "run") == file);
  o.epochs = 4;
  const History more = fit(b, images, adam, CrossEntropy{}, o);
  Net whole{Seed{1}};
  test::check_same_history(more, fit(whole, images, adam, CrossEntropy{}, {.epochs = 4}));
  CHECK(same_bits(b.state(), whole.state()));
  Net c{Seed{1}};
  o.resume = false, o.epochs = 2;
  test::check_same_history(fit(c, images, adam, CrossEntropy{}, o), first);
  CHECK(same_bits(c.state(), a.state()));
}

TEST_CASE("a run that was stopped stays stopped") {
  TemporaryFolder folder;
  auto images = flipped();
  Net a{Seed{1}}, b{Seed{2}};
  FitOptions o{.epochs = 5, .checkpoint = folder / "run", .checkpoint_every = 1};
  o.on_batch = [](const BatchReport& r) {
    if (r.step == 8) r.stop();
  };
  const History h = fit(a, images, SGD{}, CrossEntropy{}, o);
  CHECK(h.size() == 2);
  o.on_batch = [](const BatchReport&) { FAIL("trained again"); };
  test::check_same_history(fit(b, images, SGD{}, CrossEntropy{}, o), h);
  CHECK(same_bits(a.state(), b.state()));
}

TEST_CASE("a checkpoint is a model file, too") {
  TemporaryFolder folder;
  auto images = flipped();
  Net a{Seed{1}}, b{Seed{2}};
  fit(a, images, Adam{}, CrossEntropy{}, {.checkpoint = folder / "run"});
  load(b, folder / "run");
  CHECK(same_bits(a.state(), b.state()));
  CHECK(b.engine().seed() == 2);
}

TEST_CASE("save_checkpoint and load_checkpoint keep every number") {
  TemporaryFolder folder;
  Net a{Seed{1}}, b{Seed{2}};
  Optimizer oa{a, Adam{.learning_rate = 0.1f}}, ob{b, Adam{}};
  a.forward(std::vector<float>(72, 0.3f));
  a.backward(std::vector<float>(8, 0.2f));
  oa();
  oa.set_learning_rate(0.1 / 3);
  a.engine().random_state(0xFEDCBA9876543210u, 0x8000000000000001u);
  RunState run;
  run.epoch = 7, run.batch = 3, run.step = (1ll << 53) + 1, run.images = 24, run.counted = 23, run.correct = 9;
  run.loss = {1.0 / 3, 0.7}, run.seconds = 0.1, run.finished = true;
  EpochRecord e;
  e.epoch = 7, e.loss = 1e-300, e.accuracy = 1.0 / 7, e.images = (1ll << 60) + 1;
  run.history.push_back(e);
  run.history.push_back(EpochRecord{});
  run.history.steps = {{1, 0.1}, {(1ll << 53) + 1, HUGE_VAL}};
  save_checkpoint(a, oa, run, folder / "run");
  b.forward(std::vector<float>(72, 0.3f));
  b.backward(std::vector<float>(8, 0.2f));
  const RunState back = load_checkpoint(b, ob, folder / "run");
  CHECK(back.epoch == 7);
  CHECK(back.batch == 3);
  CHECK(back.step == run.step);
  CHECK(back.images == 24);
  CHECK(back.counted == 23);
  CHECK(back.correct == 9);
  CHECK(back.loss.sum == run.loss.sum);
  CHECK(back.loss.weight == run.loss.weight);
  CHECK(back.seconds == run.seconds);
  CHECK(back.finished);
  test::check_same_history(back.history, run.history);
  check_same(outcome<Adam>(a, oa, {}), outcome<Adam>(b, ob, {}));
  CHECK(ob.learning_rate() == 0.1 / 3);
  for (const float g : b.gradients()) CHECK(g == 0);
}

TEST_CASE("what a frozen layer skipped is kept") {
  TemporaryFolder folder;
  const AdamW config{.learning_rate = 0.02f, .decay_biases_and_norms = false};
  const auto run_frozen = [&](const std::string& path, i64 broken_at) {
    for (int attempt = 0;; ++attempt) {
      Net net{Seed{attempt == 0 ? 1u : 50u}};
      Optimizer optimizer{net, config};
      optimizer.segments()[0].frozen = true;
      FitOptions o{.epochs = 2, .checkpoint = path, .checkpoint_every = 1};
      o.on_batch = [&](const BatchReport& r) {
        if (r.step == 4) optimizer.segments()[0].frozen = false;
        if (attempt == 0 && r.step == broken_at) throw Interrupted{};
      };
      auto images = flipped();
      try {
        if (attempt == 1) optimizer.segments()[0].frozen = false;  // what is frozen is the program's to say
        const History h = fit(net, images, optimizer, CrossEntropy{}, o);
        CHECK(optimizer.segments()[0].skipped == 4);
        CHECK(optimizer.segments()[1].skipped == 0);
        return outcome<AdamW>(net, optimizer, h);
      } catch (const Interrupted&) {
      }
    }
  };
  check_same(run_frozen(folder / "broken", 9), run_frozen(folder / "whole", -1));

  Net net{Seed{1}};
  Optimizer cut{net, config}, whole{net, AdamW{}};
  cut.segments()[0].skipped = 4;
  save_checkpoint(net, cut, {}, folder / "cut");
  load_checkpoint(net, whole, folder / "cut");
  CHECK(whole.segments()[0].skipped == 4);
  CHECK(whole.segments()[1].skipped == 0);
}

namespace {

// The file is refused, with these words, by this network and optimizer, which stay as they were.
template <class N, class Config>
void check_refused(const std::string& path, const Config& config, std::initializer_list<const char*> parts) {
  N net{Seed{8}};
  Optimizer optimizer{net, config};
  for (const auto& part : optimizer.state())
    for (auto& v : part.values) v = 0.5f;
  optimizer.set_steps(77);
  optimizer.segments()[0].skipped = 5;
  const auto state = net.state();
  const std::string said = test::error_of([&] { load_checkpoint(net, optimizer, path); });
  CHECK_MESSAGE(test::has(said, path), said);
  for (const char* part : parts) CHECK_MESSAGE(test::has(said, part), said, " lacks '", std::string(part), "'");
  REQUIRE(same_bits(net.state(), state));
  for (const auto& part : optimizer.state())
    for (const auto v : part.values) REQUIRE(v == 0.5f);
  REQUIRE(optimizer.steps() == 77);
  REQUIRE(optimizer.learning_rate() == static_cast<double>(config.learning_rate));
  REQUIRE(optimizer.segments()[0].skipped == 5);
  REQUIRE(net.engine().seed() == 8);
}

// The checkpoint at `path` with one tensor replaced (or left out), or its metadata changed.
void rewrite(const std::string& path, const std::string& to, const std::string& tensor, io::Dtype type,
             const io::Dims& shape, const io::Bytes& bytes, bool keep = true, const std::string& optimizer = "Adam") {
  const auto file = io::Safetensors::open(path);
  io::SafetensorsWriter out;
  for (const auto& t : file.tensors())
    if (t.name != tensor) out.add(t.name, t.dtype, t.shape, file.bytes(t));
  if (keep && !tensor.empty()) out.add(tensor, type, shape, bytes);
  if (!optimizer.empty()) out.metadata("optimizer", optimizer);
  out.write(to);
}
template <class T>
io::Bytes bytes(const std::vector<T>& v) {
  const auto* p = reinterpret_cast<const unsigned char*>(v.data());
  return {p, p + v.size() * sizeof(T)};
}

}  // namespace

TEST_CASE("a checkpoint of another network, another optimizer, or of nothing of the kind") {
  TemporaryFolder folder;
  const std::string run = folder / "run", bad = folder / "bad";
  {
    Net net{Seed{1}};
    auto images = flipped();
    fit(net, images, Adam{}, CrossEntropy{},
        {.epochs = 2, .record_steps = true, .checkpoint = run, .checkpoint_every = 5});
  }
  using Other =
      Network<Sequential<Conv<1, 3, 3>, BatchNorm<3>, ReLU, Dropout<30>, Flatten, Linear<48, 5>>, Image<1, 6, 6>>;
  check_refused<Other>(run, Adam{}, {"[", "expected"});
  check_refused<Net>(run, SGD{.momentum = 0.9}, {"Adam", "SGD"});
  check_refused<Net>(run, AdamW{}, {"a checkpoint of Adam, expected one of AdamW"});
  check_refused<Net>(run, Adam{.amsgrad = true}, {"optimizer.max_exp_avg_sq", "missing"});
  rewrite(run, bad, "", {}, {}, {}, true, "");
  check_refused<Net>(bad, Adam{}, {"no checkpoint"});
  {
    Net net{Seed{1}};
    save(net, bad);
    check_refused<Net>(bad, Adam{}, {"no checkpoint"});
    Optimizer with{net, Adam{.amsgrad = true}};
    save_checkpoint(net, with, {}, bad);
    check_refused<Net>(bad, Adam{}, {"3 tensors of optimizer state", "has 2"});
  }
  for (const char* name : {"training.position", "training.sums", "training.random", "training.skipped",
                           "training.epochs", "training.epoch_values", "training.steps", "training.step_losses",
                           "optimizer.exp_avg", "optimizer.exp_avg_sq", "0.weight", "5.bias", "1.running_var"}) {
    CAPTURE(name);
    rewrite(run, bad, name, {}, {}, {}, false);
    check_refused<Net>(bad, Adam{}, {name, "missing"});
    rewrite(run, bad, name, io::Dtype::F64, {1, 3}, bytes(std::vector<double>{1, 2, 3}));
    check_refused<Net>(bad, Adam{}, {name});
    rewrite(run, bad, name, io::Dtype::I32, {}, bytes(std::vector<int>{-1}));
    check_refused<Net>(bad, Adam{}, {name});
  }
  rewrite(run, bad, "training.position", io::Dtype::I64, {8}, bytes(std::vector<long long>{1, 2, -3, 4, 5, 6, 0, 8}));
  check_refused<Net>(bad, Adam{}, {"training.position", "-3", "0 or more"});
  rewrite(run, bad, "something", io::Dtype::F32, {1}, bytes(std::vector<float>{1}));
  check_refused<Net>(bad, Adam{}, {"'something'"});
  const io::Bytes whole = io::read_file(run);
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    io::replace_file(bad, {io::ByteSpan(whole).first(n)});
    check_refused<Net>(bad, Adam{}, {});
  }
  Net net{Seed{1}};
  Optimizer optimizer{net, Adam{}};
  load_checkpoint(net, optimizer, run);  // the whole one does load
}

TEST_CASE("a checkpoint stands where the loader cannot") {
  TemporaryFolder folder;
  auto images = flipped();
  Net net{Seed{1}};
  FitOptions o{.epochs = 2, .checkpoint = folder / "run", .checkpoint_every = 1};
  o.on_batch = [](const BatchReport& r) {
    if (r.step == 6) throw Interrupted{};
  };
  CHECK_THROWS_AS(fit(net, images, SGD{}, CrossEntropy{}, o), Interrupted);
  o.on_batch = nullptr;
  data::Loader shorter{test::pictures(16), data::Compose{}, {.batch_size = 8}};
  CHECK_SAYS(fit(net, shorter, SGD{}, CrossEntropy{}, o), "batch 5", "epoch 1", "the loader has 2");
  struct Batch {
    std::vector<float> images;
    std::vector<int> labels;
  };
  const std::vector<Batch> own(6, Batch{std::vector<float>(36), {0}});
  CHECK_SAYS(fit(net, own, SGD{}, CrossEntropy{}, o), "epoch(e, first_batch)", "batch 5");
}

TEST_CASE("a checkpoint that cannot be written ends the run and leaves the old file") {
  TemporaryFolder folder;
  auto images = flipped();
  Net net{Seed{1}};
  const auto train = [&](const std::string& path) { fit(net, images, SGD{}, CrossEntropy{}, {.checkpoint = path}); };
  CHECK_SAYS(train(folder / "none/run"), "none/run", "cannot");
  Optimizer optimizer{net, SGD{}};
  save_checkpoint(net, optimizer, {}, folder / "run");
  const io::Bytes before = io::read_file(folder / "run");
  RunState run;
  run.history.steps.resize(5);
  struct Full {  // the disk, simulated by a limit on the size of files
    rlimit old;
    Full() {
      signal(SIGXFSZ, SIG_IGN);
      getrlimit(RLIMIT_FSIZE, &old);
      rlimit small{1000, old.rlim_max};
      setrlimit(RLIMIT_FSIZE, &small);
    }
    ~Full() { setrlimit(RLIMIT_FSIZE, &old); }
  };
  std::string said;
  {
    Full full;
    said = test::error_of([&] { save_checkpoint(net, optimizer, run, folder / "run"); });
  }
  CHECK_MESSAGE(test::has(said, "cannot write"), said);
  CHECK(io::read_file(folder / "run") == before);
  CHECK(folder.names() == std::vector<std::string>{"run"});
}
