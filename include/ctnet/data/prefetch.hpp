// SPDX-License-Identifier: MIT
// Batches made ahead: workers fill a ring of slots, the caller takes them in order. Slot k holds batches k, k + K, ...;
// a worker may start batch b once batch b - K was given back. Knows nothing of images: `fill` does the work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/system.hpp"
#include "pixels.hpp"

namespace ctnet::data::detail {

struct Slot {
  std::vector<float> images;
  std::vector<int> labels;
  std::vector<std::size_t> indices;
  Shape shape;
  std::exception_ptr error;
  bool ready = false;
};

// What std::jthread is, which LLVM 16's library hides behind a flag.
class JoiningThread {
 public:
  template <class F>
  explicit JoiningThread(F f) : thread_(std::move(f)) {}
  JoiningThread(JoiningThread&&) = default;
  ~JoiningThread() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::thread thread_;
};

class Prefetcher {
 public:
  // fill(self, worker, batch, slot, stop): worker is 0 .. max(1, workers) - 1; it may return early once `stop` is true.
  using Fill = void (*)(void* self, std::size_t worker, std::size_t batch, Slot& slot, const std::atomic<bool>& stop);

  Prefetcher(Fill fill, void* self, std::size_t workers, std::size_t first, std::size_t last)
      : fill_(fill), self_(self), first_(first), last_(last), claimed_(first), at_(first), released_(first) {
    slots_.resize(workers == 0 ? 1 : 2 * workers + 2);
    threads_.reserve(workers);
    try {
      for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back([this, i] { work(i); });
    } catch (...) {
      stop();
      throw;
    }
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() { stop(); }

  // Whether this is the copy of it in a forked child, where there are no workers: neither to be used nor destroyed.
  bool left_by_workers() const { return !threads_.empty() && io::detail::process_id() != process_; }

  // Gives the batch of the last call back and returns the next one, null at the end. What a worker threw is thrown
  // here, when its batch's turn has come, and ends the run.
  const Slot* next() {
    if (left_by_workers())
      fail("Loader: this pass was begun before fork(), in the parent, where its workers are; begin one here");
    if (at_ == last_) return nullptr;
    Slot& slot = slots_[at_ % slots_.size()];
    if (threads_.empty()) {
      const std::size_t batch = at_;
      at_ = last_;  // should fill throw
      fill_(self_, 0, batch, slot, stop_);
      at_ = batch + 1;
      return &slot;
    }
    {
      std::unique_lock lock(mutex_);
      if (at_ > first_) {
        slots_[(at_ - 1) % slots_.size()].ready = false;
        released_ = at_;
        room_.notify_one();
      }
      filled_.wait(lock, [&] { return slot.ready; });
    }
    ++at_;
    if (slot.error) {
      at_ = last_;
      std::exception_ptr error;
      std::swap(error, slot.error);
      stop();
      std::rethrow_exception(error);
    }
    return &slot;
  }

 private:
  void work(std::size_t worker) {
    for (;;) {
      std::size_t batch = 0;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return stop_ || claimed_ == last_ || claimed_ < released_ + slots_.size(); });
        if (stop_ || claimed_ == last_) return;
        batch = claimed_++;
      }
      Slot& slot = slots_[batch % slots_.size()];
      try {
        fill_(self_, worker, batch, slot, stop_);
      } catch (...) {
        slot.error = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        slot.ready = true;
        if (claimed_ == last_) room_.notify_all();
      }
      filled_.notify_one();
    }
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    threads_.clear();  // joins
  }

  Fill fill_;
  void* self_;
  long process_ = io::detail::process_id();
  std::size_t first_, last_;
  std::vector<Slot> slots_;
  std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::size_t claimed_;   // by workers, under mutex_
  std::size_t at_;        // the caller's own: the batch that next() gives
  std::size_t released_;  // batches given back, under mutex_
  std::atomic<bool> stop_{false};
  std::vector<JoiningThread> threads_;  // last: joined before the rest goes
};

}  // namespace ctnet::data::detail
