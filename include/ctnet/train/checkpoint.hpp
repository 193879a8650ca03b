// SPDX-License-Identifier: MIT
// A training run in one safetensors file: parameters, statistics, optimizer state, where the run stands, its history and its
// random state. Numbers in the metadata are written in hexadecimal floating point, so that a resumed run has the same bits.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../report/history.hpp"
#include "model_file.hpp"

namespace ctnet {

// Where a run stands: `batch` batches of epoch `epoch` (from 0) are done.
struct RunState {
  i64 epoch = 0, batch = 0, step = 0;
  double loss_sum = 0, correct = 0, seconds = 0;  // of the epoch so far
  long long images = 0;
  bool finished = false;
  History history;
};

namespace detail {

inline std::string exact(double v) {
  char s[64];
  std::snprintf(s, sizeof s, "%a", v);
  return s;
}
inline std::string joined(const std::vector<double>& numbers) {
  std::string s;
  for (double v : numbers) s += (s.empty() ? "" : " ") + exact(v);
  return s;
}

// The numbers of a metadata entry; throws Error where it is missing, malformed or not of the length expected.
class Numbers {
 public:
  Numbers(const io::Safetensors& file, const char* key, std::size_t multiple) {
    const auto it = file.metadata().find(key);
    if (it == file.metadata().end()) fail(file.name(), ": metadata '", key, "' is missing; this is no checkpoint");
    const char* at = it->second.c_str();
    while (*at) {
      char* end = nullptr;
      values_.push_back(std::strtod(at, &end));
      if (end == at) fail(file.name(), ": metadata '", key, "' has '", at, "' where a number is expected");
      at = end;
      while (*at == ' ') ++at;
    }
    if (multiple == 0 ? !values_.empty() : values_.size() % multiple != 0)
      fail(file.name(), ": metadata '", key, "' has ", values_.size(), " numbers, expected a multiple of ", multiple);
    if (values_.empty() && multiple == 1) fail(file.name(), ": metadata '", key, "' is empty");
  }
  double next() { return values_[at_++]; }
  i64 next_integer() { return static_cast<i64>(next()); }
  bool more() const { return at_ < values_.size(); }
  std::size_t size() const { return values_.size(); }

 private:
  std::vector<double> values_;
  std::size_t at_ = 0;
};

}  // namespace detail

// Replaced atomically: a run killed at any moment leaves the old file or the new one.
template <class NetworkType, class OptimizerType>
[[gnu::cold]] void save_checkpoint(NetworkType& net, OptimizerType& optimizer, const RunState& run, const std::string& path) {
  io::SafetensorsWriter file;
  detail::add_tensors(file, net);
  const auto parts = optimizer.state();
  for (const auto& part : parts)
    file.add(std::string("optimizer.") + part.name, {part.values.size()}, part.values);
  std::vector<double> steps;
  for (const StepRecord& s : run.history.steps) {
    steps.push_back(static_cast<double>(s.step));
    steps.push_back(s.loss);
  }
  file.add("training.steps", {steps.size() / 2, 2}, steps);
  const std::vector<std::uint64_t> random{net.engine().seed(), net.engine().step()};
  file.add("training.random", {2}, random);
  std::vector<double> epochs;
  for (const EpochRecord& e : run.history)
    epochs.insert(epochs.end(), {static_cast<double>(e.epoch), e.loss, e.accuracy, e.validation_loss, e.validation_accuracy,
                                 e.learning_rate, e.seconds, e.images_per_second, static_cast<double>(e.images)});
  file.metadata("format", "pt");
  file.metadata("network", detail::type_name<typename NetworkType::Net>());
  file.metadata("optimizer", std::remove_cvref_t<decltype(optimizer.config())>::name);
  file.metadata("optimizer_steps", detail::joined({static_cast<double>(optimizer.steps()), optimizer.learning_rate()}));
  file.metadata("run", detail::joined({static_cast<double>(run.epoch), static_cast<double>(run.batch),
                                       static_cast<double>(run.step), run.loss_sum, run.correct, run.seconds,
                                       static_cast<double>(run.images), run.finished ? 1.0 : 0.0}));
  file.metadata("history", detail::joined(epochs));
  file.write(path);
}

// Throws Error where the file is not a checkpoint of this network and optimizer; both are then as they were.
template <class NetworkType, class OptimizerType>
[[gnu::cold]] RunState load_checkpoint(NetworkType& net, OptimizerType& optimizer, const std::string& path) {
  using T = typename NetworkType::scalar;
  const io::Safetensors file = io::Safetensors::open(path);
  const char* const name = std::remove_cvref_t<decltype(optimizer.config())>::name;
  const auto written = file.metadata().find("optimizer");
  if (written == file.metadata().end()) fail(path, ": metadata 'optimizer' is missing; this is no checkpoint");
  if (written->second != name) fail(path, ": a checkpoint of ", written->second, ", expected one of ", name);

  RunState run;
  detail::Numbers r(file, "run", 8), o(file, "optimizer_steps", 2), h(file, "history", 9);
  if (r.size() != 8 || o.size() != 2)
    fail(path, ": metadata 'run' and 'optimizer_steps' have ", r.size(), " and ", o.size(), " numbers, expected 8 and 2");
  run.epoch = r.next_integer();
  run.batch = r.next_integer();
  run.step = r.next_integer();
  run.loss_sum = r.next();
  run.correct = r.next();
  run.seconds = r.next();
  run.images = r.next_integer();
  run.finished = r.next() != 0;
  while (h.more()) {
    EpochRecord e;
    e.epoch = static_cast<int>(h.next_integer());
    for (double* v : {&e.loss, &e.accuracy, &e.validation_loss, &e.validation_accuracy, &e.learning_rate, &e.seconds,
                      &e.images_per_second})
      *v = h.next();
    e.images = h.next_integer();
    run.history.push_back(e);
  }
  const io::TensorInfo& steps = file.at("training.steps");
  std::vector<double> step(steps.size);
  file.read<double>(steps, step);
  for (std::size_t i = 0; i + 1 < step.size(); i += 2)
    run.history.steps.push_back({static_cast<long long>(step[i]), step[i + 1]});
  std::uint64_t random[2];
  file.read<std::uint64_t>("training.random", {2}, random);

  auto parts = optimizer.state();
  std::vector<std::vector<T>> read;
  for (const auto& part : parts) {
    read.emplace_back(part.values.size());
    file.read<T>(std::string("optimizer.") + part.name, {part.values.size()}, std::span<T>{read.back()});
  }
  detail::read_tensors(file, net);  // the last that can fail
  for (std::size_t i = 0; i < parts.size(); ++i) std::copy(read[i].begin(), read[i].end(), parts[i].values.begin());
  optimizer.set_steps(o.next_integer());
  optimizer.set_learning_rate(o.next());
  net.engine().random_state(random[0], random[1]);
  net.zero_grad();
  return run;
}

}  // namespace ctnet
