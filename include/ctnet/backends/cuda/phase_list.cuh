// SPDX-License-Identifier: MIT
// Work written down instead of queued: phases in the order in which they were asked for, each with the memory that it
// reads and writes. From that follows which need not wait for each other: a phase's level is one more than that of the
// last before it that writes what it reads or writes, or reads what it writes. Phases of one level run side by side;
// between two levels all threads meet.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "launch.cuh"
#include "phase.cuh"

namespace ctnet::cuda {

// Bytes of the device's memory.
struct Extent {
  const char *from = nullptr, *to = nullptr;
  bool meets(const Extent& e) const { return from < e.to && e.from < to; }
};
// What a phase reads and writes. Of pointers that are null: nothing.
struct Touches {
  std::vector<Extent> reads, writes;

  template <class T>
  Touches& read(const T* p, i64 n) {
    return push(reads, p, n);
  }
  template <class T>
  Touches& write(const T* p, i64 n) {
    return push(writes, p, n);
  }
  // What an epilogue reads and writes beside the result: `size` numbers, `channels`.
  template <class T>
  Touches& along(const Epilogue<T>& e, i64 size, i64 channels) {
    read(e.weight, channels).read(e.bias, channels).read(e.mean, channels).read(e.var, channels);
    return read(e.add, size).write(e.pooled, size / 4);
  }
  template <class T>
  Touches& along(const Mask<T>& m, i64 size) {
    return m.act == no_act ? *this : read(m.y, size);
  }
  bool allow(const Touches& later) const {
    const auto apart = [](const std::vector<Extent>& a, const std::vector<Extent>& b) {
      for (const Extent& x : a)
        for (const Extent& y : b)
          if (x.meets(y)) return false;
      return true;
    };
    return apart(writes, later.writes) && apart(writes, later.reads) && apart(reads, later.writes);
  }

 private:
  template <class T>
  Touches& push(std::vector<Extent>& to, const T* p, i64 n) {
    const auto* at = reinterpret_cast<const char*>(p);
    if (p && n > 0) to.push_back({at, at + n * static_cast<i64>(sizeof(T))});
    return *this;
  }
};

// An address that stands for a type.
template <class P>
inline constexpr char phase_tag = 0;
template <class P>
const char* tag_of() {
  return &phase_tag<P>;
}

class PhaseList {
 public:
  static constexpr std::size_t most_bytes = crew_threads * sizeof(unsigned);  // of a phase and its head

  struct Item {
    const char *name, *pass;
    int leaf;
    const char* tag;
    i64 warps;
    int level;
    Touches touches;
    std::vector<unsigned> words;
  };

  // warps: for how many there is work at once.
  template <class P>
  void add(const Queue& queue, const char* name, i64 warps, const P& phase, Touches touches) {
    static_assert(std::is_trivially_copyable_v<P> && sizeof(P) + 16 <= most_bytes && alignof(P) <= 16);
    Item item{name, queue.phase, queue.leaf, tag_of<P>(), std::max<i64>(warps, 1), 0, std::move(touches), {}};
    item.words.resize((sizeof(P) + sizeof(unsigned) - 1) / sizeof(unsigned));
    std::memcpy(item.words.data(), &phase, sizeof(P));
    for (const Item& before : items_)
      if (!before.touches.allow(item.touches)) item.level = std::max(item.level, before.level + 1);
    items_.push_back(std::move(item));
  }
  template <class F>
  void each(const Queue& queue, const char* name, i64 n, const F& f, Touches touches) {
    if (n > 0x3FFFFFFF) return refuse(queue, "tensors are too large");
    add(queue, name, ceil_div(n, warp_size), EachPhase<F>{f, static_cast<int>(n)}, std::move(touches));
  }
  // There will be no list, and this is why.
  void refuse(const Queue& queue, const char* why) {
    if (refused_.empty()) refused_ = (queue.leaf >= 0 ? "layer " + std::to_string(queue.leaf) + ": " : "") + why;
  }
  // Whether tensors of that many numbers can be counted; refuses otherwise.
  bool countable(const Queue& queue, i64 most) {
    if (most > 0x3FFFFFFF) refuse(queue, "tensors are too large");
    return most <= 0x3FFFFFFF;
  }

  const std::string& refused() const { return refused_; }
  // By level; within one as they came.
  const std::vector<Item>& sorted() {
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.level < b.level; });
    return items_;
  }

 private:
  std::vector<Item> items_;
  std::string refused_;
};

template <class T>
struct NoPhases {
  using scalar = T;
};

}  // namespace ctnet::cuda

namespace ctnet {

// Of operations that have no phases.
template <class Op, class T>
struct Kernel<Op, cuda::NoPhases<T>> {
  using predict_phases = cuda::PhaseTypes<>;
  using training_phases = cuda::PhaseTypes<>;
  static void forward(const Op&, const cuda::Forward<T>& a) { a.queue.list->refuse(a.queue, "it has no phases"); }
  static void backward(const Op&, const cuda::Backward<T>& a) { a.queue.list->refuse(a.queue, "it has no phases"); }
};

}  // namespace ctnet
