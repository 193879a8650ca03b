// SPDX-License-Identifier: MIT
// A training run in one safetensors file: parameters and statistics under their names, the optimizer's state as
// "optimizer.*", where the run stands, its history and its random state as "training.*". All numbers are tensors of
// F64, I64 or U64, so that a resumed run has the same bits. The metadata says what the run is of (run_facts.hpp), which
// format this is, and a checksum.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../losses/result.hpp"
#include "../optimizers/optimizer.hpp"
#include "../report/history.hpp"
#include "average.hpp"
#include "model_file.hpp"
#include "run_facts.hpp"

namespace ctnet {

// The best epoch so far, where the best is kept, and the network's state after it.
struct BestEpoch {
  i64 of = 0, epoch = 0;  // by what it is judged (as Keep counts); from 1, 0: none yet
  double value = not_measured;
  std::vector<double> state;
};

// Where a run stands: `batch` batches of epoch `epoch` (from 0) are done.
struct RunState {
  i64 epoch = 0, batch = 0, step = 0;
  i64 images = 0, counted = 0, correct = 0;  // of the epoch so far; counted: those with a label to get right
  LossTotal loss;                            // likewise
  double seconds = 0;                        // likewise
  bool finished = false;
  History history;
  BestEpoch best;
  RunFacts data;  // the batches that it is trained on: what fit() knows of its loader
};

namespace detail {

// Files of another version are refused: a network's weights load from them (load), a run does not go on from them.
inline constexpr const char* checkpoint_version = "2";

inline constexpr std::size_t epoch_counts = 2, epoch_values = 7;

// All numbers of a run but its history, for writing and for reading: a new one is a line here (and a new version).
template <class Run, class F>
void each_number(Run& run, const F& f) {
  f("training.run.epoch", run.epoch);
  f("training.run.batch", run.batch);
  f("training.run.step", run.step);
  f("training.run.images", run.images);
  f("training.run.counted", run.counted);
  f("training.run.correct", run.correct);
  f("training.run.loss_sum", run.loss.sum);
  f("training.run.loss_weight", run.loss.weight);
  f("training.run.seconds", run.seconds);
  f("training.run.finished", run.finished);
  f("training.best.of", run.best.of);
  f("training.best.epoch", run.best.epoch);
  f("training.best.value", run.best.value);
}
struct WriteNumber {
  io::SafetensorsWriter& file;  // borrows the number

  template <class T>
  void operator()(const char* name, const T& value) const {
    constexpr io::Dtype type = std::is_same_v<T, bool>     ? io::Dtype::BOOL
                               : std::is_same_v<T, double> ? io::Dtype::F64
                                                           : io::Dtype::I64;
    static_assert(sizeof(T) == io::size_of(type));
    file.add(name, type, {}, {reinterpret_cast<const unsigned char*>(&value), sizeof value});
  }
};
struct ReadNumber {
  const io::Safetensors& file;

  void operator()(const char* name, double& value) const { file.read<double>(name, {}, {&value, 1}); }
  void operator()(const char* name, i64& value) const {
    std::int64_t v = 0;
    file.read<std::int64_t>(name, {}, {&v, 1});
    if (v < 0) fail(file.name(), ": tensor '", name, "' has ", v, ", expected 0 or more");
    value = v;
  }
  void operator()(const char* name, bool& value) const {
    const io::TensorInfo& t = file.at(name);
    if (t.dtype != io::Dtype::BOOL || t.size != 1)
      fail(file.name(), ": tensor '", name, "' is ", io::name_of(t.dtype), " of shape ", io::words(t.shape),
           ", expected BOOL of shape []");
    value = file.bytes(t)[0] != 0;
  }
};

inline std::vector<std::int64_t> integers(const io::Safetensors& file, const char* name, const io::Dims& shape) {
  std::vector<std::int64_t> v(io::detail::elements(shape, name));
  file.read<std::int64_t>(name, shape, v);
  for (const std::int64_t i : v)
    if (i < 0) fail(file.name(), ": tensor '", name, "' has ", i, ", expected 0 or more");
  return v;
}

// Rows of a table whose number only the file knows.
inline std::size_t rows(const io::Safetensors& file, const char* name, std::size_t columns) {
  const io::Dims& shape = file.at(name).shape;
  if (shape.size() != 2 || shape[1] != columns)
    fail(file.name(), ": tensor '", name, "' has shape ", io::words(shape), ", expected [N, ", columns, "]");
  return shape[0];
}

// Steps that each parameter tensor was frozen for; the optimizer keeps them by segment, which may be cut in other ways.
template <class NetworkType, class OptimizerType>
std::vector<std::int64_t> skipped_steps(const NetworkType& net, OptimizerType& optimizer) {
  std::vector<std::int64_t> skipped;
  for (const TensorPlace& t : net.tensors())
    if (t.spec.parameter())
      for (const auto& s : optimizer.segments())
        if (static_cast<std::size_t>(t.offset) - s.offset < s.size) skipped.push_back(s.skipped);
  return skipped;
}
template <class NetworkType, class OptimizerType>
std::vector<i64> skipped_by_segment(const io::Safetensors& file, NetworkType& net, OptimizerType& optimizer) {
  const auto have = integers(file, "training.skipped", {skipped_steps(net, optimizer).size()});
  std::vector<i64> by_segment;
  for (const auto& s : optimizer.segments()) {
    std::size_t i = 0;
    i64 skipped = -1;
    for (const TensorPlace& t : net.tensors()) {
      if (!t.spec.parameter()) continue;
      const i64 own = have[i++];
      if (static_cast<std::size_t>(t.offset) - s.offset >= s.size) continue;
      if (skipped >= 0 && skipped != own)
        fail(file.name(), ": tensor 'training.skipped' has ", skipped, " and ", own,
             " for tensors that this optimizer treats alike; freeze the same layers before resuming");
      skipped = own;
    }
    by_segment.push_back(skipped);
  }
  return by_segment;
}

[[gnu::cold]] inline void expect_version(const io::Safetensors& file) {
  const auto& says = file.metadata();
  if (!says.contains("optimizer")) fail(file.name(), ": metadata 'optimizer' is missing; this is no checkpoint");
  const auto at = says.find("checkpoint.version");
  if (at == says.end())
    fail(file.name(),
         ": metadata 'checkpoint.version' is missing, as in the checkpoints of earlier versions of ctnet, ",
         "which do not say what they are of; expected ", checkpoint_version, ". load() takes its weights");
  if (at->second != checkpoint_version)
    fail(file.name(), ": a checkpoint of format ", at->second, ", expected ", checkpoint_version,
         ". load() takes its weights");
}

}  // namespace detail

// Replaced atomically: a run killed at any moment leaves the old file or the new one.
template <class NetworkType, class OptimizerType>
[[gnu::cold]] void save_checkpoint(const NetworkType& net, OptimizerType& optimizer, const RunState& run,
                                   const std::string& path, WeightAverage* ema = nullptr) {
  detail::expect_network_of("save_checkpoint", net, optimizer);
  io::SafetensorsWriter file;
  detail::add_tensors(file, net);
  const auto parts = optimizer.state();
  for (const auto& part : parts) file.add(std::string("optimizer.") + part.name, {part.values.size()}, part.values);

  const i64 optimizer_steps = optimizer.steps();
  const double learning_rate = optimizer.learning_rate();
  const detail::WriteNumber write{file};
  detail::each_number(run, write);
  write("training.optimizer.steps", optimizer_steps);
  write("training.optimizer.learning_rate", learning_rate);
  const std::vector<std::uint64_t> random{net.engine().seed(), net.engine().step()};
  const std::vector<std::int64_t> skipped = detail::skipped_steps(net, optimizer);
  std::vector<std::int64_t> counts, steps;
  std::vector<double> values, losses;
  for (const EpochRecord& e : run.history) {
    counts.insert(counts.end(), {e.epoch, e.images});
    values.insert(values.end(), {e.loss, e.accuracy, e.validation_loss, e.validation_accuracy, e.learning_rate,
                                 e.seconds, e.images_per_second});
  }
  for (const StepRecord& s : run.history.steps) steps.push_back(s.step), losses.push_back(s.loss);
  file.add("training.random", {random.size()}, random);
  file.add("training.skipped", {skipped.size()}, skipped);
  file.add("training.epochs", {run.history.size(), detail::epoch_counts}, counts);
  file.add("training.epoch_values", {run.history.size(), detail::epoch_values}, values);
  file.add("training.steps", {steps.size()}, steps);
  file.add("training.step_losses", {losses.size()}, losses);
  if (ema) ema->add_to(file);
  const std::vector<typename NetworkType::scalar> best(run.best.state.begin(), run.best.state.end());
  file.add("training.best.state", {best.size()}, best);
  file.metadata("format", "pt");
  file.metadata("network", detail::type_name<typename NetworkType::Net>());
  file.metadata("checkpoint.version", detail::checkpoint_version);
  for (const RunFacts& facts :
       {detail::network_facts<NetworkType>(), detail::optimizer_facts(optimizer.config()), run.data})
    for (const auto& [key, value] : facts) file.metadata(key, value);
  file.add_checksum();
  file.write(path);
}

// ema: an average that is kept with the run. Throws Error where the file is damaged or not a checkpoint of this network
// and optimizer (their options but for the learning rate), or of other batches than `data` says, where that is given;
// network and optimizer are then as they were.
template <class NetworkType, class OptimizerType>
[[gnu::cold]] RunState load_checkpoint(NetworkType& net, OptimizerType& optimizer, const std::string& path,
                                       const RunFacts* data = nullptr, WeightAverage* ema = nullptr) {
  using T = typename NetworkType::scalar;
  detail::expect_network_of("load_checkpoint", net, optimizer);
  const io::Safetensors file = io::Safetensors::open(path);
  const char* const name = std::remove_cvref_t<decltype(optimizer.config())>::name;
  detail::expect_version(file);
  detail::expect_facts(file, detail::optimizer_facts(optimizer.config()), {"optimizer."});
  detail::expect_facts(file, detail::network_facts<NetworkType>(), {"network."});
  if (data) detail::expect_facts(file, *data, {"data.", "loader."});

  RunState run;
  const detail::ReadNumber read_number{file};
  detail::each_number(run, read_number);
  for (const auto& [key, value] : file.metadata())
    if (key.starts_with("loader.") || key.starts_with("data.")) run.data[key] = value;
  i64 optimizer_steps = 0;
  double learning_rate = 0;
  read_number("training.optimizer.steps", optimizer_steps);
  read_number("training.optimizer.learning_rate", learning_rate);
  detail::check_option(path.c_str(), "the learning rate", learning_rate, learning_rate >= 0, "0 or more");
  std::uint64_t random[2];
  file.read<std::uint64_t>("training.random", {2}, random);

  const std::size_t epochs = detail::rows(file, "training.epochs", detail::epoch_counts);
  const auto counts = detail::integers(file, "training.epochs", {epochs, detail::epoch_counts});
  std::vector<double> values(epochs * detail::epoch_values);
  file.read<double>("training.epoch_values", {epochs, detail::epoch_values}, values);
  for (std::size_t i = 0; i < epochs; ++i) {
    const double* v = &values[i * detail::epoch_values];
    run.history.push_back(
        {static_cast<int>(counts[2 * i]), v[0], v[1], v[2], v[3], v[4], v[5], v[6], counts[2 * i + 1]});
  }
  const std::size_t n = file.at("training.steps").size;
  const auto steps = detail::integers(file, "training.steps", {n});
  std::vector<double> losses(n);
  file.read<double>("training.step_losses", {n}, losses);
  for (std::size_t i = 0; i < n; ++i) run.history.steps.push_back({steps[i], losses[i]});

  std::vector<T> best(run.best.epoch > 0 ? static_cast<std::size_t>(NetworkType::Facts::state_size) : 0);
  file.read<T>("training.best.state", {best.size()}, std::span<T>{best});
  run.best.state.assign(best.begin(), best.end());

  const std::vector<i64> skipped = detail::skipped_by_segment(file, net, optimizer);
  auto parts = optimizer.state();
  std::vector<std::vector<T>> read;
  std::size_t in_file = 0;
  for (const io::TensorInfo& t : file.tensors()) in_file += std::string_view(t.name).starts_with("optimizer.");
  for (const auto& part : parts) {
    read.emplace_back(part.values.size());
    file.read<T>(std::string("optimizer.") + part.name, {part.values.size()}, std::span<T>{read.back()});
  }
  if (in_file != parts.size())
    fail(path, ": ", in_file, " tensors of optimizer state, ", name, " with these options has ", parts.size());
  if (ema) ema->read(file);
  detail::read_tensors(file, net);  // the last that can fail
  for (std::size_t i = 0; i < parts.size(); ++i) std::copy(read[i].begin(), read[i].end(), parts[i].values.begin());
  for (std::size_t i = 0; i < skipped.size(); ++i) optimizer.segments()[i].skipped = skipped[i];
  if (ema) ema->restore();
  optimizer.set_steps(optimizer_steps);
  optimizer.set_learning_rate(learning_rate);
  net.engine().random_state(random[0], random[1]);
  net.zero_grad();
  return run;
}

}  // namespace ctnet
