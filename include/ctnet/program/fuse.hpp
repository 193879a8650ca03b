// SPDX-License-Identifier: MIT
// Rewriting of a network's list for a backend whose kernels take their neighbours' work along: activations, in
// evaluation mode also normalizations, sums and pools, go into the operation that makes their input. It knows roles and
// what each kernel says it can take, no layer. The result is a graph like any other, to be planned as any other.
#pragma once

#include "../core/act.hpp"
#include "../layers/activation/op.hpp"
#include "../layers/norm/op.hpp"
#include "../layers/pool/op.hpp"
#include "graph.hpp"

namespace ctnet {

// What an operation does besides its own.
struct Fused {
  bool gone = false;  // taken into another one,
  int into = -1;      // this
  int norm = -1;      // operation taken: its parameters and statistics are read
  int add = -1;       // value added
  int act = no_act;
  int slope_numerator = 0, slope_denominator = 1;
  int pool = -1;        // max pool of 2 x 2 whose output is made along
  bool pooled = false;  // forward is done by the operation before (training)
  bool masked = false;  // its activation's derivative is applied by who makes the gradient
  int mask[max_inputs] = {-1, -1, -1, -1, -1, -1, -1, -1};  // operation whose activation's derivative goes into grad_in
};

template <int N>
struct FusedGraph {
  Graph<N> graph{};
  Fused fused[N > 0 ? N : 1]{};
};

namespace detail {

// The operation behind op i that could be taken into it: the only user of its value.
template <int N>
constexpr int next_of(const Graph<N>& g, int i) {
  const int v = g.op[i].out;
  return v == g.output || g.value[v].users != 1 ? -1 : g.value[v].last_user;
}
constexpr bool halves(const MaxPoolOp& o) {
  return o.r == 2 && o.s == 2 && o.stride_h == 2 && o.stride_w == 2 && o.pad_h == 0 && o.pad_w == 0 &&
         o.dilation_h == 1 && o.dilation_w == 1 && o.p == o.h / 2 && o.q == o.w / 2;
}

template <int N>
struct Fuser {
  FusedGraph<N> f;
  const unsigned* takes;
  bool training;

  // Operation i makes what its neighbour j made.
  constexpr void swallow(int i, int j) {
    Graph<N>& g = f.graph;
    g.value[g.op[i].out] = Value{};
    g.op[i].out = g.op[j].out;
    g.value[g.op[j].out].maker = i;
    g.op[j].inputs = 0;
    g.op[j].out = g.op[i].out;
    g.op[j].traits = Traits{};
    f.fused[j].gone = true;
    f.fused[j].into = i;
  }
  constexpr bool take_norm(int i, int j) {
    const Fused& o = f.fused[i];
    if (training || !(takes[i] & takes_norm) || o.norm >= 0 || o.add >= 0 || o.act != no_act) return false;
    f.fused[i].norm = j;
    swallow(i, j);
    return true;
  }
  constexpr bool take_add(int i, int j) {
    Graph<N>& g = f.graph;
    const OpNode& sum = g.op[j];
    const Fused& o = f.fused[i];
    if (training || !(takes[i] & takes_add) || o.add >= 0 || o.act != no_act || sum.inputs != 2 ||
        sum.traits.join != Join::sum)
      return false;
    const int other = sum.in[0] == g.op[i].out ? sum.in[1] : sum.in[0];
    if (other == g.op[i].out || g.value[other].maker >= i || g.op[i].inputs != 1) return false;
    swallow(i, j);
    f.fused[i].add = other;
    g.op[i].in[g.op[i].inputs++] = other;  // so that it lives until then
    return true;
  }
  constexpr bool take_act(int i, int j) {
    Graph<N>& g = f.graph;
    const auto act = unpack_op<ActivationOp>(g.op[j].op);
    if (!(takes[i] & takes_act) || f.fused[i].act != no_act) return false;
    if (training && (!derived_from_output(act.act) || g.op[i].traits.keeps_output)) return false;
    f.fused[i].act = act.act;
    f.fused[i].slope_numerator = act.slope_numerator;
    f.fused[i].slope_denominator = act.slope_denominator;
    swallow(i, j);
    if (training) g.op[i].traits.keeps_output = true;
    return true;
  }
  // In training both outputs are written at the time of the first: only where nothing runs between the two.
  constexpr bool take_pool(int i, int j, int last) {
    if (!(takes[i] & takes_pool) || f.fused[i].pool >= 0 || !halves(unpack_op<MaxPoolOp>(f.graph.op[j].op)))
      return false;
    if (training && j != last + 1) return false;
    f.fused[i].pool = j;
    if (training)
      f.fused[j].pooled = true;
    else
      swallow(i, j);
    return !training;
  }
  constexpr void absorb(int i) {
    int last = i;
    for (int j = next_of(f.graph, i); j >= 0; j = next_of(f.graph, i)) {
      const Role role = f.graph.op[j].traits.role;
      const bool taken = role == Role::per_channel_affine ? take_norm(i, j)
                         : role == Role::join             ? take_add(i, j)
                         : role == Role::activation       ? take_act(i, j)
                         : role == Role::max_pool         ? take_pool(i, j, last)
                                                          : false;
      if (!taken) return;
      last = j;
      recount();
      if (role == Role::max_pool) return;
    }
  }
  constexpr void recount() {
    Graph<N>& g = f.graph;
    for (int v = 0; v < g.values; ++v) g.value[v].users = 0, g.value[v].last_user = -1;
    for (int i = 0; i < g.ops; ++i)
      for (int j = 0; j < g.op[i].inputs; ++j) {
        ++g.value[g.op[i].in[j]].users;
        g.value[g.op[i].in[j]].last_user = i;
      }
  }
  // Who makes a gradient for an activation's result alone, multiplies it by the derivative at once.
  constexpr void mask(int i) {
    Graph<N>& g = f.graph;
    if (!(takes[i] & takes_mask)) return;
    for (int j = 0; j < g.op[i].inputs; ++j) {
      int v = g.op[i].in[j];
      bool alone = g.value[v].users == 1;
      while (alone && g.value[v].maker >= 0 && g.op[g.value[v].maker].traits.alias) {
        v = g.op[g.value[v].maker].in[0];
        alone = g.value[v].users == 1;
      }
      const int maker = g.value[v].maker;
      if (!alone || maker < 0 || f.fused[maker].act == no_act) continue;
      f.fused[i].mask[j] = maker;
      f.fused[maker].masked = true;
    }
  }
  constexpr void run() {
    Graph<N>& g = f.graph;
    if (!training)
      for (int i = 0; i < g.ops; ++i)
        if (g.op[i].traits.training_only) g.op[i].traits.alias = true;
    for (int i = 0; i < g.ops; ++i)
      if (!f.fused[i].gone && !g.op[i].traits.alias && takes[i] != takes_nothing) absorb(i);
    if (training)
      for (int i = 0; i < g.ops; ++i) mask(i);
  }
};

}  // namespace detail

// takes: for each operation what its kernel can take along.
template <int N>
constexpr FusedGraph<N> fuse(const Graph<N>& g, const unsigned* takes, bool training) {
  detail::Fuser<N> fuser{{g, {}}, takes, training};
  fuser.run();
  return fuser.f;
}

}  // namespace ctnet
