// SPDX-License-Identifier: MIT
// Sizes and places of a deployed network: packed weights, scratch, and the arena in which maps that never live at the
// same time share memory. Everything is known to the compiler.
#pragma once

#include "../backends/cpu/cpu.hpp"
#include "../program/plan.hpp"
#include "rewrite.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet::deployment {

template <int N>
constexpr void place_maps(Program<N>& p) {
  constexpr int most = Program<N>::most + 1;
  for (int i = 0; i < p.maps; ++i) p.map[i].size = ctnet::detail::padded(p.map[i].layout.size());
  for (int i = 0; i < p.stages; ++i) {
    const Stage& s = p.stage[i];
    for (int j = 0; j < s.inputs; ++j) p.map[s.in[j]].last_user = i;
    if (s.add >= 0) p.map[s.add].last_user = i;
  }
  for (int m = 0; m < p.maps; ++m)
    if (p.map[m].last_user < p.map[m].maker) p.map[m].last_user = p.map[m].maker;
  // Element by element: over the input, where nobody reads that later.
  int last_of_root[most]{};
  for (int m = 0; m < p.maps; ++m) last_of_root[m] = p.map[m].last_user;
  for (int i = 0; i < p.stages; ++i) {
    const Stage& s = p.stage[i];
    if (s.kind != Kind::activation && s.kind != Kind::add) continue;
    const int v = s.in[0], root = p.map[v].root;
    if (root == 0 || p.map[v].size != p.map[s.out].size) continue;
    if (last_of_root[root] > i) continue;
    p.map[s.out].root = root;
    last_of_root[root] = p.map[s.out].last_user;
  }
  ctnet::detail::Block block[most];
  for (int m = 1; m + 1 < p.maps; ++m) {
    ctnet::detail::Block& b = block[p.map[m].root];
    if (p.map[m].root == m) b.size = p.map[m].size, b.from = p.map[m].maker;
    if (p.map[m].last_user > b.to) b.to = p.map[m].last_user;
  }
  p.arena = ctnet::detail::place(block, p.maps);
  for (int m = 0; m < p.maps; ++m) p.map[m].offset = block[p.map[m].root].offset;
}

template <int N>
constexpr void size_stages(const Graph<N>& g, Program<N>& p, Rules rules) {
  int tensor = 0;  // stages and tensors are in the order of the layers
  for (int i = 0; i < p.stages; ++i) {
    Stage& s = p.stage[i];
    const cpu::Layout out = p.map[s.out].layout;
    switch (s.kind) {
      case Kind::conv: {
        const cpu::ConvPlan c = s.conv = conv_plan(s, p.map, rules.precision);
        const cpu::Bf16Plan b = s.bf16 = conv_bf16_plan(s, p.map, rules.precision);
        s.weight_count = conv_weights(c, b) + ctnet::detail::padded(c.op.k);
        s.scratch = cpu::scratch_size(c);
        if (b.valid && cpu::scratch_size(b) > s.scratch) s.scratch = cpu::scratch_size(b);
        s.units = cpu::units(c);
        break;
      }
      case Kind::rows: {
        const cpu::RowsPlan c = rows_plan(s, p.map);
        s.weight_count = ctnet::detail::padded(cpu::packed_size(c)) + 32;
        s.units = cpu::units(c);
        break;
      }
      case Kind::linear: {
        const cpu::LinearPlan c = linear_plan(s, p.map);
        s.weight_count = linear_weights(s, p.map, rules.precision) + c.outputs();
        if (rules.precision == Precision::bf16 || rules.precision == Precision::split_bf16)
          s.scratch = cpu::scratch_size(linear_bf16_plan(s, p.map, rules.precision));
        s.units = cpu::units(c);
        break;
      }
      case Kind::affine:
        s.weight_count = 2 * i64{out.blocks()} * cpu::channel_block;
        s.units = out.blocks();
        break;
      case Kind::max_pool:
      case Kind::mean_pool:
      case Kind::adaptive_pool:
        s.units = out.blocks();
        break;
      case Kind::plain:  // parameters and statistics as the layer's own kernel reads them
        for (; tensor < g.tensors && g.tensor[tensor].leaf <= s.leaf; ++tensor)
          if (g.tensor[tensor].leaf == s.leaf) s.weight_count += g.tensor[tensor].spec.size();
        s.weight_count = ctnet::detail::padded(s.weight_count + (s.norm >= 0 ? out.c : 0));
        break;
      default:
        break;
    }
    s.weights = p.weights;
    p.weights += s.weight_count;
    s.scratch = ctnet::detail::padded(s.scratch);
    if (s.scratch > p.scratch) p.scratch = s.scratch;
  }
  p.weights += ctnet::detail::padded(p.most_channels);  // where a folded normalization is worked out
}

// Where a layer's tensors lie in a network's state: parameters and statistics in the order of the layers.
template <int N>
struct StatePlaces {
  i64 offset[N > 0 ? 4 * N : 1]{};
  constexpr explicit StatePlaces(const Graph<N>& g) {
    i64 at = 0;
    for (int t = 0; t < g.tensors; ++t) {
      offset[t] = at;
      at += g.tensor[t].spec.size();
    }
  }
};

// Each a constant of its own, because compilers count the steps that they take for one.
template <class Net, class Input, bool Blocked, Precision P>
inline constexpr auto rewritten = [] {
  constexpr Kinds<Net> kinds;
  return Rewriter{graph<Net, Input>, kinds.kind, Rules{Blocked, P}}.run();
}();
template <class Net, class Input, bool Blocked, Precision P>
inline constexpr auto sized = [] {
  auto p = rewritten<Net, Input, Blocked, P>;
  size_stages(graph<Net, Input>, p, Rules{Blocked, P});
  return p;
}();
template <class Net, class Input, bool Blocked, Precision P>
inline constexpr auto program = [] {
  auto p = sized<Net, Input, Blocked, P>;
  place_maps(p);
  return p;
}();

template <class B>
inline constexpr bool blocked_backend = false;
template <class... P>
inline constexpr bool blocked_backend<Cpu<float, P...>> = true;
template <class... P>
inline constexpr bool blocked_backend<Cpu<bfloat16, P...>> = true;
// Whose kernels run the layers that have no deployed ones.
template <class B>
struct PlainBackend {
  using type = B;
};
template <class... P>
struct PlainBackend<Cpu<bfloat16, P...>> {
  using type = Cpu<float>;
};
template <class B>
constexpr Precision precision_of() {
  if constexpr (requires { B::bf16; }) return Precision::bf16;
  if constexpr (requires { B::exact; })
    return B::exact ? Precision::exact : B::split_bf16 ? Precision::split_bf16 : Precision::strict;
  return Precision::strict;
}
// A network as deployed on backend B.
template <class Net, class Input, class B>
inline constexpr const auto& program_on = program<Net, Input, blocked_backend<B>, precision_of<B>()>;

}  // namespace ctnet::deployment

#pragma GCC diagnostic pop
