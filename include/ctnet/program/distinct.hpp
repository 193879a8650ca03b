// SPDX-License-Identifier: MIT
// Which of a network's operations are the same: of one type, with the same numbers. Tables of functions are made for
// one of each kind, so that a network of a thousand layers asks little more of a compiler than one of ten.
#pragma once

#include "containers.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet {

// Of N things, which are equal: row[i] is the kind of thing i, first[r] the first thing of kind r.
template <int N>
struct Distinct {
  int row[N > 0 ? N : 1]{};
  int first[N > 0 ? N : 1]{};
  int rows = 0;
};

namespace detail {

constexpr unsigned mixed(unsigned hash, int number) {
  return ((hash << 5 | hash >> 27) ^ static_cast<unsigned>(number)) * 0x9E3779B1u;
}

// Numbers things in the order in which they come; things are equal where `same` says so, of those with one hash.
template <int N>
class Numbering {
 public:
  template <class Same>
  constexpr void add(unsigned hash, const Same& same) {
    unsigned at = hash >> 7 & mask;
    while (slot_[at] != 0 && !(hash_[slot_[at] - 1] == hash && same(d_.first[slot_[at] - 1]))) at = (at + 1) & mask;
    if (slot_[at] == 0) {
      hash_[d_.rows] = hash;
      d_.first[d_.rows] = things_;
      slot_[at] = ++d_.rows;
    }
    d_.row[things_++] = slot_[at] - 1;
  }
  constexpr const Distinct<N>& result() const { return d_; }

 private:
  static constexpr unsigned slots() {
    unsigned n = 16;
    while (n < 2u * static_cast<unsigned>(N)) n *= 2;
    return n;
  }
  static constexpr unsigned mask = slots() - 1;
  Distinct<N> d_{};
  int slot_[slots()]{};  // a row + 1, or 0
  unsigned hash_[N > 0 ? N : 1]{};
  int things_ = 0;
};

// Its address stands for the type; layers without a kernel are all of one, void.
template <class Op>
inline constexpr char op_mark = 0;

// Goes over a network's layers (walk).
template <int N>
struct OpNumbering {
  const OpNode* op = nullptr;
  bool by_types = true;  // alone; g++'s sanitizers take `op != nullptr` for no constant
  Numbering<N> numbering{};
  const char* mark[N > 0 ? N : 1]{};
  int leaves_ = 0;

  constexpr void enter(int) {}
  constexpr void enter(const char*) {}
  constexpr void leave() {}
  template <class L>
  constexpr void leaf() {
    constexpr int all = L::traits.alias ? 0 : static_cast<int>(sizeof(typename L::Op) / sizeof(int));
    const int words = by_types ? 0 : all, i = leaves_++;
    mark[i] = L::traits.alias ? &op_mark<void> : &op_mark<typename L::Op>;
    unsigned hash = all;
    for (int k = 0; k < words; ++k) hash = mixed(hash, op[i].op.w[k]);
    numbering.add(hash, [&](int j) {
      if (mark[i] != mark[j]) return false;
      for (int k = 0; k < words; ++k)
        if (op[i].op.w[k] != op[j].op.w[k]) return false;
      return true;
    });
  }
};
template <class Net, int N = leaves<Net>>
constexpr Distinct<N> number_ops(const OpNode* op, bool by_types) {
  OpNumbering<N> v{op, by_types};
  walk<Net>(v);
  return v.numbering.result();
}

}  // namespace detail

// Operations of one type with the same numbers.
template <class Net, class Input>
inline constexpr auto distinct_ops = detail::number_ops<Net>(graph<Net, Input>.op, false);
// Operations of one type.
template <class Net>
inline constexpr auto distinct_types = detail::number_ops<Net>(nullptr, true);

}  // namespace ctnet

#pragma GCC diagnostic pop
