// SPDX-License-Identifier: MIT
// Carries a memory plan out, cell by cell, with the value's name in the place of its numbers: who reads must find what
// was written for him, and no kernel writes over what it reads, unless its layer says that it may.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/program/plan.hpp>

namespace test {

template <int N>
class Simulation {
 public:
  using i64 = ctnet::i64;

  Simulation(const ctnet::Graph<N>& g, i64 size, std::string what)
      : g_(g), what_(std::move(what)), cell_(static_cast<std::size_t>(size), -1) {}

  void inference(const ctnet::InferencePlan<N>& p) {
    forward(p.offset);
    check(p.offset[g_.output], g_.output, name(g_.output), "the output is gone");
  }

  void training(const ctnet::TrainingPlan<N>& p) {
    forward(p.value);
    check(p.value[g_.output], g_.output, name(g_.output), "the output is gone before the loss");
    std::vector<int> arrived(static_cast<std::size_t>(g_.values));
    if (g_.output == 0) return;  // no operation, no gradient in the arena
    write(p.gradient[g_.output], g_.output, gradient(g_.output));
    check(p.value[g_.output], g_.output, name(g_.output), "the loss's gradient lies over the output");
    for (int i = g_.ops - 1; i >= 0; --i) {
      const ctnet::OpNode& o = g_.op[i];
      REQUIRE_MESSAGE(arrived[static_cast<std::size_t>(o.out)] == g_.value[o.out].users, what_, ": operation ", i,
                      " goes back before its gradient is whole");
      std::vector<Range> reads{{p.gradient[o.out], size(o.out)}}, writes;
      check(p.gradient[o.out], o.out, gradient(o.out), "the gradient is gone");
      if (o.traits.keeps_output) {
        check(p.value[o.out], o.out, name(o.out), "the output that it keeps is gone");
        reads.push_back({p.value[o.out], size(o.out)});
      }
      if (o.traits.keeps_input)
        for (int j = 0; j < o.inputs; ++j) {
          check(p.value[o.in[j]], o.in[j], name(o.in[j]), "the input that it keeps is gone");
          reads.push_back({p.value[o.in[j]], size(o.in[j])});
        }
      i64 spare = p.temporary[i];
      const bool may_overwrite = o.traits.alias || o.traits.in_place;
      for (int j = 0; j < o.inputs; ++j) {
        const int v = o.in[j];
        int& n = arrived[static_cast<std::size_t>(v)];
        REQUIRE_MESSAGE((p.adds[i] >> j & 1u) == (n > 0 ? 1u : 0u), what_, ": operation ", i, " input ", j,
                        " writes a gradient that it should add to, or the other way round");
        const bool first = n++ == 0;
        if (first && v == 0) continue;  // the input's gradient is not in the arena
        const Range r{first ? p.gradient[v] : spare, size(v)};
        if (!first) spare += ctnet::detail::padded(size(v));
        const bool same = may_overwrite && r.from == reads[0].from;
        for (std::size_t k = same ? 1 : 0; k < reads.size(); ++k) apart(r, reads[k], i);
        for (const Range& w : writes) apart(r, w, i);
        writes.push_back(r);
      }
      spare = p.temporary[i];
      std::vector<bool> done(static_cast<std::size_t>(g_.values));
      for (int j = 0; j < o.inputs; ++j) {
        const int v = o.in[j];
        if (p.adds[i] >> j & 1u) {
          if (v != 0)
            check_if(!done[static_cast<std::size_t>(v)], p.gradient[v], v, gradient(v),
                     "the gradient to add to is gone");
          write(spare, v, -2);
          spare += ctnet::detail::padded(size(v));
        } else if (v != 0) {
          write(p.gradient[v], v, gradient(v));
        }
        done[static_cast<std::size_t>(v)] = true;
      }
      for (int j = 0; j < o.inputs; ++j)
        if (o.in[j] != 0) check(p.gradient[o.in[j]], o.in[j], gradient(o.in[j]), "a temporary lies over the gradient");
    }
  }

 private:
  struct Range {
    i64 from, size;
  };
  i64 size(int v) const { return g_.value[v].shape.size(); }
  // A view has the name of what it is a view of.
  int name(int v) const {
    while (g_.value[v].maker >= 0 && g_.op[g_.value[v].maker].traits.alias) v = g_.op[g_.value[v].maker].in[0];
    return v;
  }
  int gradient(int v) const { return 1000 + v; }

  void forward(const i64* offset) {
    for (int v = 0; v < g_.values; ++v) {
      REQUIRE_MESSAGE(offset[v] >= 0, what_, ": value ", v);
      REQUIRE_MESSAGE(offset[v] % 16 == 0, what_, ": value ", v, " does not begin at a cache line");
      REQUIRE_MESSAGE(offset[v] + size(v) <= static_cast<i64>(cell_.size()), what_, ": value ", v,
                      " ends beyond the arena");
    }
    write(offset[0], 0, 0);
    for (int i = 0; i < g_.ops; ++i) {
      const ctnet::OpNode& o = g_.op[i];
      for (int j = 0; j < o.inputs; ++j) {
        check(offset[o.in[j]], o.in[j], name(o.in[j]), "an input is gone");
        if (o.traits.alias)
          REQUIRE(offset[o.in[j]] == offset[o.out]);
        else if (!(o.traits.in_place && offset[o.in[j]] == offset[o.out]))
          apart({offset[o.out], size(o.out)}, {offset[o.in[j]], size(o.in[j])}, i);
      }
      if (!o.traits.alias) write(offset[o.out], o.out, name(o.out));
    }
  }
  void write(i64 at, int v, int tag) {
    REQUIRE_MESSAGE(at + size(v) <= static_cast<i64>(cell_.size()), what_, ": beyond the arena");
    std::fill_n(cell_.begin() + static_cast<std::ptrdiff_t>(at), size(v), tag);
  }
  void check(i64 at, int v, int tag, const char* words) {
    bool all = true;
    for (i64 k = at; k < at + size(v); ++k) all = all && cell_[static_cast<std::size_t>(k)] == tag;
    REQUIRE_MESSAGE(all, what_, ": value ", v, ": ", std::string(words));
  }
  void check_if(bool on, i64 at, int v, int tag, const char* words) {
    if (on) check(at, v, tag, words);
  }
  void apart(const Range& a, const Range& b, int i) {
    REQUIRE_MESSAGE((a.from + a.size <= b.from || b.from + b.size <= a.from), what_, ": operation ", i,
                    " writes over what it reads");
  }

  const ctnet::Graph<N>& g_;
  std::string what_;
  std::vector<int> cell_;
};

// No operation can have its inputs and its result in less, and no backward its gradients besides.
template <int N>
ctnet::i64 least_inference(const ctnet::Graph<N>& g) {
  ctnet::i64 least = 0;
  for (int i = 0; i < g.ops; ++i) {
    const ctnet::OpNode& o = g.op[i];
    ctnet::i64 sum = o.traits.alias || o.traits.in_place ? 0 : g.value[o.out].shape.size();
    for (int j = 0; j < o.inputs; ++j) {
      bool seen = false;
      for (int k = 0; k < j; ++k) seen = seen || o.in[k] == o.in[j];
      if (!seen && !(o.inputs > 1 && g.value[o.in[j]].maker >= 0 && g.op[g.value[o.in[j]].maker].traits.alias))
        sum += g.value[o.in[j]].shape.size();
    }
    least = std::max(least, sum);
  }
  return least;
}

template <int N>
void plans_are_sound(const ctnet::Graph<N>& g, const std::string& what) {
  const auto inference = ctnet::plan_inference(g);
  Simulation<N>(g, inference.size, what + ", inference").inference(inference);
  const auto training = ctnet::plan_training(g);
  Simulation<N>(g, training.size, what + ", training").training(training);
  CHECK_MESSAGE(inference.size >= least_inference(g), what);
  CHECK_MESSAGE(training.size >= inference.size, what);
  ctnet::i64 all = 0;
  for (int v = 0; v < g.values; ++v) all += ctnet::detail::padded(g.value[v].shape.size());
  CHECK_MESSAGE(inference.size <= all, what);
}

}  // namespace test
