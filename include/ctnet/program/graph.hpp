// SPDX-License-Identifier: MIT
// What a network is, as plain data: a flat list of operations over numbered values. Value 0 is the input; operation i
// is layer i (the leaves in the order written) and makes one value. Containers emit into a Builder; only constexpr
// loops over arrays, no recursion over layers.
#pragma once

#include "../core/fault.hpp"
#include "../core/state.hpp"
#include "../layers/join/layer.hpp"
#include "../layers/layer.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet {

struct OpNode {
  int in[max_inputs] = {};
  int inputs = 0;
  int out = -1;
  Traits traits{};
  OpWords op{};
  i64 parameters = 0, parameter_count = 0;  // offset and number of its parameters
  i64 statistics = 0;                       // offset of its running statistics
  i64 saved = 0;                            // offset of its notes
  i64 macs = 0;
};

struct Value {
  Shape shape{};
  int maker = -1;  // operation; -1 for the input
  int users = 0;
  int last_user = -1;  // operation; -1 if none
};

// The type depends on the number of layers only.
template <int N>
struct Graph {
  OpNode op[N > 0 ? N : 1]{};
  Value value[N + 1]{};
  TensorPlace tensor[N > 0 ? 4 * N : 1]{};
  int ops = 0, values = 0, tensors = 0;
  int output = 0;  // value
  i64 parameters = 0, statistics = 0, saved = 0, macs = 0;
  Fault fault{};
};

class Builder {
 public:
  template <int N>
  constexpr explicit Builder(Graph<N>& g) : op_(g.op), value_(g.value), tensor_(g.tensor) {}

  constexpr int input(Shape s) {
    value_[values].shape = s;
    return values++;
  }
  constexpr const Shape& shape(int v) const { return value_[v].shape; }
  constexpr void blame(FaultKind kind, Shape want = {}, Shape have = {}, int a = 0, int b = 0) {
    diagnosis.leaf = ops;
    diagnosis.blame(kind, want, have, a, b);
  }
  constexpr void blame(FaultKind kind, words::Word what) {
    diagnosis.leaf = ops;
    diagnosis.blame(kind, what);
  }

  // Appends layer L on value v; gives the value it makes.
  template <Layer L>
  constexpr int append(int v) {
    static_assert(
        detail::op_fits_role<L>(),
        "a layer whose role is activation, per_channel_affine or max_pool takes the library's Op for it; with "
        "an Op of its own its role is opaque");
    const Shape in = value_[v].shape;
    diagnosis.leaf = ops;
    const Shape out = countable(L::infer(in, diagnosis));
    return push(&v, 1, out, L::traits, pack_op(L::op(in, out)), L::tensors(), L::macs(in, out));
  }
  constexpr int push(const int* in, int inputs, Shape out, const Traits& traits, const OpWords& words,
                     const TensorSpecs& specs = TensorSpecs{}, i64 work = 0) {
    out = countable(out);
    OpNode& o = op_[ops];
    o.inputs = inputs;
    for (int j = 0; j < inputs; ++j) {
      o.in[j] = in[j];
      ++value_[in[j]].users;
      value_[in[j]].last_user = ops;
    }
    o.traits = traits;
    o.op = words;
    o.parameters = parameters;
    o.statistics = statistics;
    o.saved = saved;
    o.macs = work;
    saved += traits.saved;
    macs = sum(macs, work);
    for (int t = 0; t < specs.count; ++t) {
      i64& total = specs.t[t].parameter() ? parameters : statistics;
      tensor_[tensors++] = {specs.t[t], ops, total};
      total = sum(total, specs.t[t].size());
    }
    o.parameter_count = parameters - o.parameters;
    o.out = values;
    value_[values].shape = out;
    value_[values].maker = ops++;
    return values++;
  }
  // A tap names the value that flows by. Gives the value of a name, or -1.
  constexpr void set_tap(unsigned long long name, int v) {
    Mark& mark = tap_[slot_of(name)];
    if (mark.name == name || taps_ == max_taps) return blame(FaultKind::tap_twice, {}, {}, taps_, mark.name == name);
    mark = {name, v};
    ++taps_;
  }
  constexpr int tap(unsigned long long name) const {
    const Mark& mark = tap_[slot_of(name)];
    return mark.name == name ? mark.value : -1;
  }

  int ops = 0, values = 0, tensors = 0;
  i64 parameters = 0, statistics = 0, saved = 0, macs = 0;
  Diagnosis diagnosis{};

 private:
  static constexpr int max_taps = 2048, slots = 2 * max_taps;
  // The shape, or blame where it has more values than an int counts.
  constexpr Shape countable(const Shape& s) {
    if (s.size() >= 0 && s.size() <= most_values) return s;
    blame(FaultKind::too_large);
    return s.rank == 3 ? Shape{1, 1, 1} : Shape{1};
  }
  constexpr int slot_of(unsigned long long name) const {
    int i = static_cast<int>(name % slots);
    while (tap_[i].name != 0 && tap_[i].name != name) i = (i + 1) % slots;
    return i;
  }

  struct Mark {
    unsigned long long name = 0;
    int value = 0;
  };
  OpNode* op_;
  Value* value_;
  TensorPlace* tensor_;
  Mark tap_[slots]{};
  int taps_ = 0;
};

}  // namespace ctnet

#pragma GCC diagnostic pop
