// SPDX-License-Identifier: MIT
// Ema: the exponential moving average of a network's weights, PyTorch's swa_utils.AveragedModel with
// get_ema_multi_avg_fn (Polyak & Juditsky 1992; Tarvainen & Valpola 2017).
//   Ema average{net, {.decay = 0.999}};
//   fit(net, train, SGD{...}, CrossEntropy{}, {.epochs = 8, .checkpoint = "run", .ema = &average});
//   evaluate(average.network(), validation);   save(average.network(), "model.safetensors");
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "../backends/cpu/threads.hpp"
#include "../core/check.hpp"
#include "../io/safetensors_writer.hpp"
#include "average.hpp"
#include "network.hpp"

namespace ctnet {

struct EmaOptions {
  double decay = 0.999;      // average = decay * average + (1 - decay) * weights
  bool warm_up = false;      // the n-th update's decay is (1 + n) / (10 + n) as long as that is less, n from 0
  bool use_buffers = false;  // statistics are averaged too; else they are copied, as PyTorch's
};

// Begins as a clone of the network, whose first update it copies. Statistics of frozen layers stay, being copies of
// what stays. On the GPU the average is computed on the host: each update copies the parameters from there and back.
template <class NetworkType>
class Ema final : public WeightAverage {
  using T = typename NetworkType::scalar;
  using B = typename NetworkType::backend;

 public:
  // Throws Error where decay is not from 0 to 1.
  explicit Ema(const NetworkType& net, const EmaOptions& options = {}) : options_(options), average_(net.clone()) {
    detail::check_option("Ema", "decay", options.decay, options.decay >= 0 && options.decay <= 1, "0 to 1");
  }

  // After each step of the optimizer; fit does it for FitOptions::ema.
  void update(const NetworkType& net) {
    [[maybe_unused]] const cpu::DenormalsOf<B> denormals;
    const double n = static_cast<double>(updates_);
    const double decay = options_.warm_up ? std::min(options_.decay, (1 + n) / (10 + n)) : options_.decay;
    const T part = static_cast<T>(updates_ == 0 ? 1 : 1 - decay);
    move(average_.parameters(), net.parameters(), part);
    move(average_.statistics(), net.statistics(), options_.use_buffers ? part : T(1));
    ++updates_;
  }
  i64 updates() const { return updates_; }
  const EmaOptions& options() const { return options_; }

  // The network with averaged weights, to evaluate, predict with and save.
  NetworkType& network() { return average_; }
  const NetworkType& network() const { return average_; }

  // Stands for the type of network.
  static const void* type() { return &tag; }

  void expect_type(const void* type_of_network) const override {
    if (type_of_network != type()) fail("fit: the Ema is of a network of another type");
  }
  void take(const void* network) override { update(*static_cast<const NetworkType*>(network)); }
  [[gnu::cold]] void add_to(io::SafetensorsWriter& file) override {
    written_ = average_.state();
    file.add("training.ema", {written_.size()}, written_);
    file.add("training.ema_updates", {1}, std::span<const std::int64_t>{&updates_, 1});
  }
  [[gnu::cold]] void read(const io::Safetensors& file) override {
    read_.resize(static_cast<std::size_t>(NetworkType::Facts::state_size));
    file.read<T>("training.ema", {read_.size()}, std::span<T>{read_});
    file.read<std::int64_t>("training.ema_updates", {1}, {&read_updates_, 1});
    if (read_updates_ < 0) fail(file.name(), ": tensor 'training.ema_updates' has ", read_updates_);
  }
  void restore() override {
    average_.load_state(read_);
    updates_ = read_updates_;
  }

 private:
  static constexpr char tag = 0;

  // to += part (from - to); a part of 1 copies.
  static void move(std::span<T> to, std::span<const T> from, T part) {
    if (part == T(1)) {
      std::copy(from.begin(), from.end(), to.begin());
      return;
    }
    constexpr bool threads = cpu::has_threads<B>();
    cpu::each_piece(threads, cpu::Pieces{static_cast<i64>(to.size()), 16384}, [&](i64 first, i64 last) {
      CTNET_PICK(approach<T>)(to.data() + first, from.data() + first, part, last - first);
    });
  }

  EmaOptions options_;
  NetworkType average_;
  std::int64_t updates_ = 0, read_updates_ = 0;
  std::vector<T> written_, read_;
};

}  // namespace ctnet
