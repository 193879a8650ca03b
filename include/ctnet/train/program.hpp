// SPDX-License-Identifier: MIT
// A network as its engine knows it: the flat list of operations and its memory plans as data, and its first values.
#pragma once

#include <cmath>
#include <cstdint>

#include "../backends/kernel.hpp"
#include "../core/random.hpp"
#include "../program/graph.hpp"
#include "../program/plan.hpp"

namespace ctnet {

// A network as data: its graph and its two memory plans.
struct Program {
  const OpNode* op = nullptr;
  const Value* value = nullptr;
  const TensorPlace* tensor = nullptr;
  int ops = 0, values = 0, tensors = 0, output = 0;
  i64 parameters = 0, statistics = 0, saved = 0;
  struct {
    const i64* offset = nullptr;
    i64 size = 0;
  } inference;
  struct {
    const i64 *value = nullptr, *gradient = nullptr, *temporary = nullptr;
    const unsigned* adds = nullptr;
    i64 size = 0;
  } training;

  template <int N>
  static constexpr Program of(const Graph<N>& g) {
    return {g.op, g.value, g.tensor, g.ops, g.values, g.tensors, g.output, g.parameters, g.statistics, g.saved, {}, {}};
  }
  template <int N>
  constexpr void plan(const InferencePlan<N>& p) {
    inference = {p.offset, p.size};
  }
  template <int N>
  constexpr void plan(const TrainingPlan<N>& p) {
    training = {p.value, p.gradient, p.temporary, p.adds, p.size};
  }

  i64 elements(int v) const { return value[v].shape.size(); }
  // Whether a value is the input under other shapes.
  bool only_aliases(int v) const {
    while (v > 0 && op[value[v].maker].traits.alias) v = op[value[v].maker].in[0];
    return v == 0;
  }
};

// Where the values of some images lie, and what belongs to the network as a whole.
template <class T>
struct NetworkMemory {
  T* arena = nullptr;
  std::size_t images = 0;
  const T* parameters = nullptr;
  T *gradients = nullptr, *statistics = nullptr, *saved = nullptr, *scratch = nullptr;
  Draw draw{};
  const unsigned char* frozen = nullptr;  // by layer; null: none is

  T* value(const i64* offset, int v) const { return arena + images * static_cast<std::size_t>(offset[v]); }
};

// Operation i's tensors. input: where value 0 lies if not in the arena, else null.
template <class T>
void fill_arguments(Forward<T>& a, const Program& p, int i, const NetworkMemory<T>& m, const i64* offset,
                    const T* input) {
  const OpNode& o = p.op[i];
  a.batch = static_cast<int>(m.images);
  for (int j = 0; j < o.inputs; ++j) a.in[j] = input && p.only_aliases(o.in[j]) ? input : m.value(offset, o.in[j]);
  a.out = m.value(offset, o.out);
  a.parameters = m.parameters + o.parameters;
  a.statistics = m.statistics + o.statistics;
  a.saved = m.saved + o.saved;
  a.scratch = m.scratch;
  a.draw = m.draw;
  a.draw.leaf = i;
  a.frozen = m.frozen && m.frozen[i];
}
// grad_input: where the gradient of value 0 goes, or null. A gradient that is to be added to another's is put where
// there is room until then.
template <class T>
void fill_arguments(Backward<T>& a, const Program& p, int i, const NetworkMemory<T>& m, T* grad_input) {
  const OpNode& o = p.op[i];
  const auto gradient = [&](int v) { return v > 0 ? m.value(p.training.gradient, v) : grad_input; };
  a.batch = static_cast<int>(m.images);
  a.grad_out = gradient(o.out);
  a.out = m.value(p.training.value, o.out);
  T* spare = m.arena + m.images * static_cast<std::size_t>(p.training.temporary[i]);
  for (int j = 0; j < o.inputs; ++j) {
    a.in[j] = m.value(p.training.value, o.in[j]);
    a.grad_in[j] = gradient(o.in[j]);
    if (p.training.adds[i] >> j & 1u && a.grad_in[j]) {
      a.grad_in[j] = spare;
      spare += m.images * static_cast<std::size_t>(detail::padded(p.elements(o.in[j])));
    }
  }
  a.parameters = m.parameters + o.parameters;
  a.grad_parameters = m.gradients + o.parameters;
  a.saved = m.saved + o.saved;
  a.scratch = m.scratch;
  a.draw = m.draw;
  a.draw.leaf = i;
  a.frozen = m.frozen && m.frozen[i];
}

// Seconds that one operation took, summed over the calls since profiling began; on threads, those of all threads.
struct OpTime {
  double forward = 0, backward = 0;
};

// PyTorch's initial values, from the seed.
template <class T>
void initial_values(const Program& p, Seed seed, T* parameters, T* statistics) {
  for (int t = 0; t < p.tensors; ++t) {
    const TensorPlace& place = p.tensor[t];
    T* at = (place.spec.parameter() ? parameters : statistics) + place.offset;
    Random random{seed, 0x1001, static_cast<std::uint64_t>(t)};
    const double bound = place.spec.fan_in > 0 ? 1 / std::sqrt(static_cast<double>(place.spec.fan_in)) : 0;
    for (i64 i = 0; i < place.spec.size(); ++i)
      at[i] = place.spec.init == Init::zeros  ? T(0)
              : place.spec.init == Init::ones ? T(1)
                                              : static_cast<T>(random.uniform(-bound, bound));
  }
}

}  // namespace ctnet
