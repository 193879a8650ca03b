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
TEST_CASE("resumed runs: Muon") { check_resumes(Muon{.learning_rate = 0.02f, .rest = {.learning_rate = 0.01f}}); }
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
  Optimizer cut{net, config}, whole{net, config};
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

// The checkpoint at `path` with one tensor replaced (or left out), or a piece of its metadata.
void rewrite(const std::string& path, const std::string& to, const std::string& tensor, io::Dtype type,
             const io::Dims& shape, const io::Bytes& bytes, bool keep = true, const std::string& key = "",
             const char* value = nullptr) {
  const auto file = io::Safetensors::open(path);
  io::SafetensorsWriter out;
  for (const auto& t : file.tensors())
    if (t.name != tensor) out.add(t.name, t.dtype, t.shape, file.bytes(t));
  if (keep && !tensor.empty()) out.add(tensor, type, shape, bytes);
  for (const auto& [k, v] : file.metadata())
    if (k != key) out.metadata(k, v);
  if (value) out.metadata(key, value);
  out.add_checksum();
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
  check_refused<Other>(run, Adam{},
                       {"a checkpoint of another network: its layer 5 is Linear<48, 4>, expected Linear<48, 5>"});
  check_refused<Net>(run, SGD{.momentum = 0.9}, {"Adam", "SGD"});
  check_refused<Net>(run, AdamW{}, {"a checkpoint of Adam, expected one of AdamW"});
  check_refused<Net>(run, Adam{.amsgrad = true}, {"optimizer.amsgrad is 0, expected 1"});
  rewrite(run, bad, "", {}, {}, {}, true, "optimizer");
  check_refused<Net>(bad, Adam{}, {"no checkpoint"});
  {
    Net net{Seed{1}};
    save(net, bad);
    check_refused<Net>(bad, Adam{}, {"no checkpoint"});
    Optimizer with{net, Adam{.amsgrad = true}};
    save_checkpoint(net, with, {}, bad);
    check_refused<Net>(bad, Adam{}, {"optimizer.amsgrad is 1, expected 0"});
    rewrite(bad, bad, "", {}, {}, {}, true, "optimizer.amsgrad", "0");
    check_refused<Net>(bad, Adam{}, {"3 tensors of optimizer state", "has 2"});
  }
  for (const char* name :
       {"training.run.epoch", "training.run.seconds", "training.run.finished", "training.optimizer.steps",
        "training.random", "training.skipped", "training.epochs", "training.epoch_values", "training.steps",
        "training.step_losses", "optimizer.exp_avg", "optimizer.exp_avg_sq", "0.weight", "5.bias", "1.running_var"}) {
    CAPTURE(name);
    rewrite(run, bad, name, {}, {}, {}, false);
    check_refused<Net>(bad, Adam{}, {name, "missing"});
    rewrite(run, bad, name, io::Dtype::F64, {1, 3}, bytes(std::vector<double>{1, 2, 3}));
    check_refused<Net>(bad, Adam{}, {name});
    rewrite(run, bad, name, io::Dtype::I32, {}, bytes(std::vector<int>{-1}));
    check_refused<Net>(bad, Adam{}, {name});
  }
  rewrite(run, bad, "training.run.step", io::Dtype::I64, {}, bytes(std::vector<long long>{-3}));
  check_refused<Net>(bad, Adam{}, {"training.run.step", "-3", "0 or more"});
  rewrite(run, bad, "something", io::Dtype::F32, {1}, bytes(std::vector<float>{1}));
  check_refused<Net>(bad, Adam{}, {"'something'"});
  const io::Bytes whole = io::read_file(run);
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    io::replace_file(bad, {io::ByteSpan(whole).first(n)});
    check_refused<Net>(bad, Adam{}, {});
  }
  std::uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);
  for (std::size_t bit = 8 * (8 + header); bit < 8 * whole.size(); bit += 331) {
    io::Bytes b = whole;
    b[bit / 8] = static_cast<unsigned char>(b[bit / 8] ^ 1u << bit % 8);
    io::replace_file(bad, {b});
    check_refused<Net>(bad, Adam{}, {"checksum"});
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
  CHECK_SAYS(fit(net, shorter, SGD{}, CrossEntropy{}, o), "data.images is 44, expected 16");
  struct Batch {
    std::vector<float> images;
    std::vector<int> labels;
  };
  const std::vector<Batch> own(6, Batch{std::vector<float>(36), {0}});
  CHECK_SAYS(fit(net, own, SGD{}, CrossEntropy{}, o), "metadata 'loader.batches' is missing, expected 6");
  o.checkpoint = folder / "own";
  o.on_batch = [](const BatchReport& r) {
    if (r.step == 3) throw Interrupted{};
  };
  CHECK_THROWS_AS(fit(net, own, SGD{}, CrossEntropy{}, o), Interrupted);
  o.on_batch = nullptr;
  CHECK_SAYS(fit(net, own, SGD{}, CrossEntropy{}, o), "epoch(e, first_batch)", "batch 2");
}

namespace {

struct Drawn : data::Get<Drawn> {  // other images each time they are asked for
  static constexpr Shape shape{1, 6, 6};
  static constexpr data::Stage stage = data::Stage::floats;
  test::Pictures pictures = test::pictures(44);
  mutable float noise = 0;
  std::size_t size() const { return pictures.size(); }
  int label(std::size_t i) const { return pictures.label(i); }
  void read(std::size_t i, data::Sample& sample) const {
    pictures.read(i, sample);
    sample.tensor.values[0] += noise += 0.01f;
  }
};

template <class Activation, class Classifier = Linear<48, 4>>
using Like = Sequential<Conv<1, 3, 3>, BatchNorm<3>, Activation, Dropout<30>, Flatten, Classifier>;

}  // namespace

TEST_CASE("a run goes on from a checkpoint of the same network, optimizer and batches only") {
  TemporaryFolder folder;
  const std::string path = folder / "run";
  const SGD sgd{.learning_rate = 0.05f, .momentum = 0.9};
  const FitOptions o{.epochs = 2, .checkpoint = path};
  const auto loader = [](const auto& set, data::LoaderOptions options) {
    return data::Loader{set, data::Compose{data::RandomHorizontalFlip{}}, std::move(options)};
  };
  const data::LoaderOptions same{.batch_size = 8, .shuffle = true, .seed = 3};
  const auto set = test::pictures(44);
  {
    Net net{Seed{1}};
    auto images = loader(set, same);
    fit(net, images, sgd, CrossEntropy{}, {.epochs = 1, .checkpoint = path});
  }
  const io::Bytes file = io::read_file(path);
  const auto refused = [&]<class N>(N net, const auto& other_set, data::LoaderOptions options, const SGD& config,
                                    const std::string& words) {
    auto images = loader(other_set, std::move(options));
    const auto state = net.state();
    const std::string said = test::error_of([&] { fit(net, images, config, CrossEntropy{}, o); });
    CHECK_MESSAGE(said == path + ": a checkpoint of another " + words, said);
    CHECK(same_bits(net.state(), state));
    CHECK(io::read_file(path) == file);
  };
  refused(Network<Like<Tanh>, Image<1, 6, 6>>{}, set, same, sgd, "network: its layer 2 is ReLU, expected Tanh");
  refused(Network<Like<ReLU, Linear<48, 4, NoBias>>, Image<1, 6, 6>>{}, set, same, sgd,
          "network: its layer 5 is Linear<48, 4>, expected Linear<48, 4, NoBias>");
  refused(Network<Layers, Image<1, 6, 6>, Cpu<double>>{}, set, same, sgd,
          "run: network.scalar is float, expected double");
  refused(Net{}, set, same, {.learning_rate = 0.05f, .momentum = 0.5}, "run: optimizer.momentum is 0.9, expected 0.5");
  auto other = same;
  other.batch_size = 4;
  refused(Net{}, set, other, sgd, "run: loader.batch_size is 8, expected 4");
  other = same, other.seed = 4;
  refused(Net{}, set, other, sgd, "run: loader.seed is 3, expected 4");
  other = same, other.shuffle = false;
  refused(Net{}, set, other, sgd, "run: loader.shuffle is yes, expected no");
  other.sampler = data::ClassBalancedSampler{44};
  {
    Net net{Seed{1}};
    auto images = loader(set, other);
    CHECK_SAYS(fit(net, images, sgd, CrossEntropy{}, o), "loader.sampler is none, expected ");
  }
  other = same, other.drop_last = true;
  refused(Net{}, set, other, sgd, "run: loader.drop_last is no, expected yes");
  refused(Net{}, test::pictures(45), same, sgd, "run: data.images is 44, expected 45");
  {
    Net net{Seed{1}};
    const auto others = test::pictures(44, 1);
    auto images = loader(others, same);
    CHECK_SAYS(fit(net, images, sgd, CrossEntropy{}, o), "data.samples is ");
  }
  // The rest may be another: how many workers, where the network's first values came from, how fast it learns.
  other = same, other.workers = 2;
  Net net{Seed{7}};
  auto images = loader(set, other);
  CHECK(fit(net, images, SGD{.learning_rate = 0.01f, .momentum = 0.9}, CrossEntropy{}, o).size() == 2);

  // Images that are others each time are not compared.
  const Drawn drawn;
  for (int epochs : {1, 2}) {
    auto noisy = loader(drawn, same);
    Net n{Seed{1}};
    CHECK(fit(n, noisy, sgd, CrossEntropy{}, {.epochs = epochs, .checkpoint = folder / "drawn"}).size() ==
          static_cast<std::size_t>(epochs));
  }
}

TEST_CASE("a checkpoint that does not say what it is of, or is of another format") {
  TemporaryFolder folder;
  const std::string run = folder / "run", bad = folder / "bad";
  Net net{Seed{1}};
  Optimizer optimizer{net, Adam{}};
  save_checkpoint(net, optimizer, {}, run);
  rewrite(run, bad, "", {}, {}, {}, true, "checkpoint.version");
  check_refused<Net>(bad, Adam{}, {"'checkpoint.version' is missing", "load() takes its weights"});
  load(net, bad);
  rewrite(run, bad, "", {}, {}, {}, true, "checkpoint.version", "1");
  check_refused<Net>(bad, Adam{}, {"of format 1, expected 2"});
  rewrite(run, bad, "", {}, {}, {}, true, "network.hash");
  check_refused<Net>(bad, Adam{}, {"'network.hash' is missing"});
  // Words that another compiler spells in another way do not count.
  rewrite(run, bad, "", {}, {}, {}, true, "network.layers", "Conv<1,3,3>");
  load_checkpoint(net, optimizer, bad);
  RunState state;
  state.data["loader.seed"] = "5";
  save_checkpoint(net, optimizer, state, run);
  CHECK(load_checkpoint(net, optimizer, run).data == state.data);
  const RunFacts none;
  CHECK_SAYS(load_checkpoint(net, optimizer, run, &none), "loader.seed is 5, of which this run says nothing");
}

TEST_CASE("the same network has the same hash, built by any compiler") {
  CHECK(detail::network_facts<Net>().at("network.hash") == "d247833aa80e5b6c");
}

TEST_CASE("a checkpoint that can never be written is an error before the first step") {
  TemporaryFolder folder;
  auto images = flipped();
  Net net{Seed{1}};
  const auto state = net.state();
  REQUIRE(::symlink("none/run", (folder / "link").c_str()) == 0);
  for (const std::string& path : {folder / "none/run", folder / "link", folder.path, std::string("/proc/run")}) {
    FitOptions o{.checkpoint = path};
    o.on_batch = [](const BatchReport&) { FAIL("a step was made"); };
    CHECK_SAYS(fit(net, images, SGD{}, CrossEntropy{}, o), path.c_str());
    CHECK(same_bits(net.state(), state));
  }
  CHECK(folder.names() == std::vector<std::string>{"link"});
  FitOptions o{.checkpoint = folder / "run"};
  o.on_batch = [&](const BatchReport&) { CHECK(folder.names() == std::vector<std::string>{"link"}); };
  fit(net, images, SGD{}, CrossEntropy{}, o);
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
