// SPDX-License-Identifier: MIT
// From a network's graph to stages: Dropout and Flatten vanish, BatchNorm is folded into the weights before it,
// activations and residual adds go into the kernel before them, and maps get layouts. One constexpr pass over the
// operations in their order.
#pragma once

#include "kinds.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet::deployment {

// What a backend's deployed kernels can take. Without `blocked` every layer runs its own kernel on dense maps.
struct Rules {
  bool blocked = false;
  Precision precision = Precision::strict;
};

template <int N>
class Rewriter {
 public:
  constexpr Rewriter(const Graph<N>& g, const Kind* kind, Rules rules) : g_(g), kind_(kind), rules_(rules) {}

  constexpr Program<N> run() {
    for (int v = 0; v < g_.values; ++v) {
      const int i = g_.value[v].maker;
      source_[v] = i >= 0 && passes(i) ? source_[g_.op[i].in[0]] : v;
      map_of_[v] = -1;
    }
    for (int i = 0; i < g_.ops; ++i)
      if (!passes(i))
        for (int j = 0; j < g_.op[i].inputs; ++j) {
          const int v = source_[g_.op[i].in[j]];
          ++users_[v];
          user_[v] = i;
        }
    ++users_[source_[g_.output]];
    map_of_[0] = new_map(dense(g_.value[0].shape), true);
    for (int i = 0; i < g_.ops; ++i)
      if (!passes(i) && !taken_[i]) append(i);
    Stage last;
    last.kind = Kind::reorder;
    last.inputs = 1;
    last.in[0] = map_of_[source_[g_.output]];
    const Layout result = layout(last.in[0]);  // the output may be a Flatten of it
    last.out = new_map({result.c, result.h, result.w, 1, 0, 0}, true);
    push(last);
    widen_borders();
    return p_;
  }

 private:
  using Layout = cpu::Layout;

  constexpr bool passes(int i) const { return g_.op[i].traits.alias || g_.op[i].traits.training_only; }
  static constexpr Layout dense(Shape s) { return {s.c(), s.h(), s.w(), 1, 0, 0}; }
  static constexpr Layout blocks(Shape s) { return {s.c(), s.h(), s.w(), cpu::channel_block, 0, 0}; }
  constexpr Shape out_shape(int i) const { return g_.value[g_.op[i].out].shape; }
  constexpr Layout& layout(int m) { return p_.map[m].layout; }

  constexpr int new_map(Layout l, bool fixed) {
    Map& m = p_.map[p_.maps];
    m.layout = l;
    m.fixed = fixed;
    m.root = p_.maps;
    return p_.maps++;
  }
  constexpr void push(Stage s) {
    p_.map[s.out].maker = p_.stages;
    p_.stage[p_.stages++] = s;
  }
  // Map m in blocks of `block`, by a reorder that is made once.
  constexpr int reordered(int m, int block, bool fixed) {
    for (int i = 0; i < p_.stages; ++i) {
      const int out = p_.stage[i].out;
      if (p_.stage[i].kind == Kind::reorder && p_.stage[i].in[0] == m && layout(out).block == block &&
          p_.map[out].fixed == fixed)
        return out;
    }
    const Layout l = layout(m);
    Stage s;
    s.kind = Kind::reorder;
    s.inputs = 1;
    s.in[0] = m;
    s.out = new_map({l.c, l.h, l.w, block, 0, 0}, fixed);
    push(s);
    return s.out;
  }
  constexpr int as_dense(int m) { return layout(m).block == 1 && p_.map[m].fixed ? m : reordered(m, 1, true); }
  // A loose map may get a border.
  constexpr int as_loose(int m, int block) {
    return layout(m).block == block && !p_.map[m].fixed ? m : reordered(m, block, false);
  }

  // The only operation that reads value v, or -1.
  constexpr int only_user(int v) const { return users_[v] == 1 && v != source_[g_.output] ? user_[v] : -1; }
  constexpr bool fuses(int i, cpu::Epilogue& e) const {
    if (i < 0 || kind_[i] != Kind::activation) return false;
    const auto a = unpack_op<ActivationOp>(g_.op[i].op);
    if (a.act != static_cast<int>(Act::relu) && a.act != static_cast<int>(Act::leaky_relu)) return false;
    e.act = a.act == static_cast<int>(Act::relu) ? cpu::Fused::relu : cpu::Fused::leaky_relu;
    e.slope_numerator = a.slope_numerator;
    e.slope_denominator = a.slope_denominator;
    return true;
  }

  constexpr void append(int i) {
    const OpNode& o = g_.op[i];
    const int v = source_[o.out];
    Stage s;
    s.leaf = i;
    s.op = o.op;
    s.inputs = o.inputs;
    for (int j = 0; j < o.inputs; ++j) s.in[j] = map_of_[source_[o.in[j]]];
    const bool image = out_shape(i).rank == 3 && g_.value[o.in[0]].shape.rank == 3;
    if (rules_.blocked && kind_[i] == Kind::conv) return convolution(i, s);
    if (rules_.blocked && kind_[i] == Kind::linear) return linear(i, s);
    if (rules_.blocked && kind_[i] == Kind::activation) {
      s.kind = Kind::activation;
      if (s.in[0] == 0) s.in[0] = reordered(0, 1, true);  // the caller's memory is not written
      s.out = new_map(layout(s.in[0]), p_.map[s.in[0]].fixed);
    } else if (rules_.blocked && image && kind_[i] == Kind::add) {
      s.kind = Kind::add;
      bool same = true;
      for (int j = 0; j < s.inputs; ++j) same = same && p_.map[s.in[j]].fixed && layout(s.in[j]) == layout(s.in[0]);
      if (!same) {
        bool blocked = false;
        for (int j = 0; j < s.inputs; ++j) blocked = blocked || layout(s.in[j]).block != 1;
        for (int j = 0; j < s.inputs; ++j) s.in[j] = as_loose(s.in[j], blocked ? cpu::channel_block : 1);
      }
      s.out = new_map(layout(s.in[0]), same);
    } else if (rules_.blocked && image && kind_[i] == Kind::concat && blocks_side_by_side(s)) {
      s.kind = Kind::concat;
      s.out = new_map(blocks(out_shape(i)), false);
    } else if (rules_.blocked && image && layout(s.in[0]).block != 1 && pointwise_or_pool(kind_[i])) {
      s.kind = kind_[i];
      s.out = new_map(blocks(out_shape(i)), false);
    } else {
      s.kind = Kind::plain;
      for (int j = 0; j < s.inputs; ++j) s.in[j] = as_dense(s.in[j]);
      s.out = new_map(dense(out_shape(i)), true);
    }
    push(s);
    map_of_[v] = s.out;
  }
  static constexpr bool pointwise_or_pool(Kind k) {
    return k == Kind::affine || k == Kind::max_pool || k == Kind::mean_pool || k == Kind::adaptive_pool;
  }
  constexpr bool blocks_side_by_side(const Stage& s) {
    for (int j = 0; j < s.inputs; ++j) {
      const Layout l = layout(s.in[j]);
      if (l.block == 1 || p_.map[s.in[j]].fixed || (j + 1 < s.inputs && l.c % l.block != 0)) return false;
    }
    return true;
  }

  // The BatchNorm right behind value v folds into the weights that make it.
  constexpr int fold(int v, int channels, Stage& s) {
    const int n = only_user(v);
    if (n < 0 || kind_[n] != Kind::affine || unpack_op<BatchNormOp>(g_.op[n].op).c != channels) return v;
    if (g_.op[n].in[0] != v) return v;  // a Flatten in between: other channels
    s.norm = n;
    taken_[n] = true;
    if (channels > p_.most_channels) p_.most_channels = channels;
    return g_.op[n].out;
  }
  constexpr int fuse_activation(int v, Stage& s) {
    const int a = only_user(v);
    if (!fuses(a, s.epilogue)) return v;
    taken_[a] = true;
    return source_[g_.op[a].out];
  }

  constexpr void convolution(int i, Stage s) {
    auto op = unpack_op<ConvOp>(s.op);
    int v = fold(g_.op[i].out, op.k, s);
    if (s.norm >= 0) op.bias = 1, s.op = pack_op(op);
    v = source_[v];
    const bool bordered = op.pad_h > 0 || op.pad_w > 0;
    int in = s.in[0];
    if (bordered && p_.map[in].fixed) in = as_loose(in, op.c < cpu::channel_block ? 1 : cpu::channel_block);
    if (cpu::rows_fit(op, layout(in))) {
      s.kind = Kind::rows;
      v = fuse_activation(v, s);
      v = fuse_pool(v, op, s);
      s.in[0] = in;
      s.out = new_map(dense(s.pool >= 0 ? out_shape(s.pool) : out_shape(i)), false);
    } else if (const Layout to = blocks(out_shape(i));
               cpu::plan_conv(op, with_border(layout(in), op), to, {}, rules_.precision == Precision::exact).method !=
               cpu::ConvMethod::none) {
      s.kind = Kind::conv;
      s.in[0] = in;
      const int before = v;
      v = fuse_activation(v, s);
      if (v == before) v = fuse_add(v, to, s);
      s.out = new_map(to, false);
    } else {
      s.kind = Kind::plain;
      s.in[0] = as_dense(s.in[0]);
      s.out = new_map(dense(out_shape(i)), true);
    }
    push(s);
    map_of_[v] = s.out;
  }
  static constexpr Layout with_border(Layout l, const ConvOp& o) {
    l.pad_h = o.pad_h > l.pad_h ? o.pad_h : l.pad_h;
    l.pad_w = o.pad_w > l.pad_w ? o.pad_w : l.pad_w;
    return l;
  }
  // A residual add goes into the later of its two makers, with the activation behind it.
  constexpr int fuse_add(int v, Layout to, Stage& s) {
    const int a = only_user(v);
    if (a < 0 || kind_[a] != Kind::add || g_.op[a].inputs != 2) return v;
    const int x = source_[g_.op[a].in[0]], y = source_[g_.op[a].in[1]];
    if (x == y) return v;
    const int other = map_of_[x == v ? y : x];
    if (other < 0 || p_.map[other].fixed || !(blocks_of(layout(other)) == blocks_of(to))) return v;
    s.add = other;
    s.epilogue.add = true;
    taken_[a] = true;
    return fuse_activation(source_[g_.op[a].out], s);
  }
  static constexpr Layout blocks_of(Layout l) {
    l.pad_h = l.pad_w = 0;
    return l;
  }
  constexpr int fuse_pool(int v, const ConvOp& c, Stage& s) {
    const int i = only_user(v);
    if (i < 0 || kind_[i] != Kind::max_pool || s.epilogue.slope_numerator < 0 || s.epilogue.slope_denominator < 0)
      return v;
    const auto o = unpack_op<MaxPoolOp>(g_.op[i].op);
    if (o.r != 2 || o.s != 2 || o.stride_h != 2 || o.stride_w != 2 || o.pad_h != 0 || o.pad_w != 0 ||
        o.dilation_h != 1 || o.dilation_w != 1 || o.p != c.p / 2 || o.q != c.q / 2)
      return v;
    s.pool = i;
    taken_[i] = true;
    return source_[g_.op[i].out];
  }

  constexpr void linear(int i, Stage s) {
    const auto op = unpack_op<LinearOp>(s.op);
    s.kind = Kind::linear;
    int v = fold(g_.op[i].out, op.out, s);
    v = fuse_activation(source_[v], s);
    s.out = new_map(dense(out_shape(i)), true);
    push(s);
    map_of_[v] = s.out;
  }

  // Every map gets the widest border that one of its readers wants; maps that meet element by element get the same.
  constexpr void widen_borders() {
    for (bool changed = true; changed;) {
      changed = false;
      for (int i = p_.stages - 1; i >= 0; --i) {
        const Stage& s = p_.stage[i];
        if (s.kind == Kind::conv || s.kind == Kind::rows) {
          const auto o = unpack_op<ConvOp>(s.op);
          if (!p_.map[s.in[0]].fixed) changed = widen(s.in[0], o.pad_h, o.pad_w) || changed;
        }
        if (s.add >= 0) changed = match(s.add, s.out) || changed;
        if (s.kind == Kind::activation || s.kind == Kind::add || s.kind == Kind::concat)
          for (int j = 0; j < s.inputs; ++j) changed = match(s.in[j], s.out) || changed;
      }
    }
  }
  constexpr bool widen(int m, int h, int w) {
    Layout& l = layout(m);
    if (l.pad_h >= h && l.pad_w >= w) return false;
    l.pad_h = l.pad_h > h ? l.pad_h : h;
    l.pad_w = l.pad_w > w ? l.pad_w : w;
    return true;
  }
  constexpr bool match(int a, int b) {
    const bool wider = widen(a, layout(b).pad_h, layout(b).pad_w);
    return widen(b, layout(a).pad_h, layout(a).pad_w) || wider;
  }

  const Graph<N>& g_;
  const Kind* kind_;
  Rules rules_;
  Program<N> p_{};
  int source_[N + 1]{}, users_[N + 1]{}, user_[N + 1]{}, map_of_[N + 1]{};
  bool taken_[N > 0 ? N : 1]{};
};

}  // namespace ctnet::deployment

#pragma GCC diagnostic pop
