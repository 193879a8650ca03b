// SPDX-License-Identifier: MIT
// The memory of a network, planned by liveness: which values share an address because they never live at the same time.
// Sizes and offsets are elements of one image, in whole cache lines of floats; a batch multiplies them all.
// Placement is greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
#pragma once

#include "graph.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet {

namespace detail {

// Needs `size` elements at every time from .. to, both included.
struct Block {
  i64 size = 0;
  int from = 0, to = -1;
  i64 offset = 0;
};

constexpr i64 padded(i64 n) { return (n + 15) / 16 * 16; }

// Numbers of blocks that take part (from <= to and size > 0), the largest first, equal ones in their order. Merges
// runs, in `spare`. Gives how many.
constexpr int by_size(const Block* b, int n, int* order, int* spare) {
  int used = 0;
  for (int i = 0; i < n; ++i)
    if (b[i].from <= b[i].to && b[i].size > 0) order[used++] = i;
  for (int run = 1; run < used; run *= 2)
    for (int left = 0; left + run < used; left += 2 * run) {
      const int middle = left + run, right = middle + run < used ? middle + run : used;
      if (b[order[middle - 1]].size >= b[order[middle]].size) continue;
      int i = 0, j = middle, k = left;
      for (; i < run; ++i) spare[i] = order[left + i];
      for (i = 0; i < run; ++k) order[k] = j < right && b[order[j]].size > b[spare[i]].size ? order[j++] : spare[i++];
    }
  return used;
}

// The lowest offset at which `fresh` meets none of the blocks listed, which are in the order of their offsets.
constexpr i64 lowest_gap(const Block* b, const int* list, int n, const Block& fresh) {
  i64 at = 0;
  for (int j = 0; j < n; ++j) {
    const Block& old = b[list[j]];
    if (old.to < fresh.from || fresh.to < old.from) continue;
    if (old.offset - at >= fresh.size) break;
    if (old.offset + old.size > at) at = old.offset + old.size;
  }
  return at;
}
constexpr void insert_by_offset(const Block* b, int* list, int& n, int i) {
  int k = n++;
  for (; k > 0 && b[list[k - 1]].offset > b[i].offset; --k) list[k] = list[k - 1];
  list[k] = i;
}

// Which blocks are alive at each time, where lives are short: 8 times on the average at most. Then a block meets few
// others, and a compiler places thousands of them in few steps. Times begin at -1.
template <int N>
struct Lives {
  int begin[N + 3]{};
  int block[8 * N]{};

  constexpr bool list(const Block* b, int n) {
    i64 all = 0;
    for (int i = 0; i < n; ++i) {
      if (b[i].to > N) return false;
      if (b[i].from <= b[i].to) all += b[i].to - b[i].from + 1;
    }
    if (all > 8 * i64{n}) return false;
    for (int i = 0; i < n; ++i)
      for (int t = b[i].from; t <= b[i].to; ++t) ++begin[t + 1];
    for (int t = 1; t < N + 3; ++t) begin[t] += begin[t - 1];
    for (int i = n - 1; i >= 0; --i)
      for (int t = b[i].from; t <= b[i].to; ++t) block[--begin[t + 1]] = i;
    return true;
  }
  // Blocks with an offset that meet block i in time, in the order of their offsets.
  constexpr int meeting(const Block* b, int i, const bool* placed, int* found) const {
    int n = 0;
    for (int t = b[i].from; t <= b[i].to; ++t)
      for (int k = begin[t + 1]; k < begin[t + 2]; ++k)
        if (const int j = block[k]; placed[j] && (t == b[i].from || t == b[j].from)) insert_by_offset(b, found, n, j);
    return n;
  }
};

// Gives every block with from <= to an offset; gives the size of the whole.
template <int N>
constexpr i64 place(Block (&b)[N], int n) {
  int order[N]{}, list[N]{};
  bool placed[N]{};
  const int used = by_size(b, n, order, list);
  Lives<N> lives;
  const bool short_lives = lives.list(b, n);
  i64 total = 0;
  int listed = 0;
  for (int k = 0; k < used; ++k) {
    Block& fresh = b[order[k]];
    if (short_lives) listed = lives.meeting(b, order[k], placed, list);
    fresh.offset = lowest_gap(b, list, listed, fresh);
    if (fresh.offset + fresh.size > total) total = fresh.offset + fresh.size;
    if (short_lives)
      placed[order[k]] = true;
    else
      insert_by_offset(b, list, listed, order[k]);
  }
  return total;
}

// May operation i write its result over its input v? Only where nobody reads v afterwards, forwards or backwards.
template <int N>
constexpr bool overwritable(const Graph<N>& g, int v, bool training) {
  for (;;) {
    const Value& value = g.value[v];
    if (value.maker < 0 || value.users != 1) return false;
    const OpNode& maker = g.op[value.maker];
    if (training && maker.traits.keeps_output) return false;
    if (!maker.traits.alias && !maker.traits.in_place) return true;
    v = maker.in[0];
    if (v == 0 && !maker.traits.alias)
      return true;  // in place was refused on the input, so this one has its own memory
  }
}

// The value whose memory v uses: itself, or the input of the operation that made it in place.
template <int N>
constexpr void find_roots(const Graph<N>& g, bool training, int* root) {
  for (int v = 0; v < g.values; ++v) {
    root[v] = v;
    if (g.value[v].maker < 0) continue;
    const OpNode& o = g.op[g.value[v].maker];
    if (o.traits.alias || (o.traits.in_place && overwritable(g, o.in[0], training))) root[v] = root[o.in[0]];
  }
}

}  // namespace detail

// Memory for predict: the input counted, operation i at time i, the output alive to the end.
template <int N>
struct InferencePlan {
  i64 offset[N + 1]{};  // of each value
  int root[N + 1]{};
  i64 size = 0;
};

template <int N>
constexpr InferencePlan<N> plan_inference(const Graph<N>& g) {
  InferencePlan<N> p;
  detail::Block block[N + 1];
  detail::find_roots(g, false, p.root);
  for (int v = 0; v < g.values; ++v) {
    const Value& value = g.value[v];
    detail::Block& b = block[p.root[v]];
    if (p.root[v] == v) {
      b.size = detail::padded(value.shape.size());
      b.from = value.maker;
    }
    const int last = v == g.output ? g.ops : value.last_user;
    if (last > b.to) b.to = last;
  }
  p.size = detail::place(block, g.values);
  for (int v = 0; v < g.values; ++v) p.offset[v] = block[p.root[v]].offset;
  return p;
}

// Memory for forward and backward: operation i runs forward at time i and backward at time 2 N - i, the loss at N.
// Values live as long as somebody's backward reads them. A value used n times gets n gradients: the first is written,
// the others go to a temporary and are added.
template <int N>
struct TrainingPlan {
  i64 value[N + 1]{};
  i64 gradient[N + 1]{};
  int root[N + 1]{};
  int gradient_root[N + 1]{};
  i64 temporary[N > 0 ? N : 1]{};
  unsigned adds[N > 0 ? N : 1]{};  // bit j: the gradient of input j is added to what is there
  i64 size = 0;
};

template <int N>
constexpr TrainingPlan<N> plan_training(const Graph<N>& g) {
  constexpr int values = N + 1;
  TrainingPlan<N> p;
  detail::Block block[2 * values + N];
  detail::Block *value_block = block, *gradient_block = block + values, *temporary_block = block + 2 * values;
  const int n = g.ops;

  detail::find_roots(g, true, p.root);
  for (int v = 0; v < g.values; ++v) {
    const Value& value = g.value[v];
    detail::Block& b = value_block[p.root[v]];
    if (p.root[v] == v) {
      b.size = detail::padded(value.shape.size());
      b.from = value.maker;
    }
    int last = v == g.output ? n : value.last_user;
    if (value.maker >= 0 && g.op[value.maker].traits.keeps_output) last = 2 * n - value.maker;
    if (last > b.to) b.to = last;
  }
  for (int i = 0; i < n; ++i)
    if (g.op[i].traits.keeps_input)
      for (int j = 0; j < g.op[i].inputs; ++j) {
        detail::Block& b = value_block[p.root[g.op[i].in[j]]];
        if (2 * n - i > b.to) b.to = 2 * n - i;
      }

  // Gradients flow through elementwise operations in place where the input has no other user.
  for (int v = 0; v < g.values; ++v) {
    p.gradient_root[v] = v;
    if (g.value[v].maker < 0) continue;
    const OpNode& o = g.op[g.value[v].maker];
    const int in = o.in[0];
    if ((o.traits.alias || o.traits.in_place) && in != 0 && g.value[in].users == 1)
      p.gradient_root[v] = p.gradient_root[in];
  }
  bool written[values]{};
  for (int v = 1; v < g.values; ++v) {
    const Value& value = g.value[v];
    detail::Block& b = gradient_block[p.gradient_root[v]];
    const int first = v == g.output ? n : 2 * n - value.last_user, last = 2 * n - value.maker;
    if (b.size == 0) {
      b.size = detail::padded(value.shape.size());
      b.from = first;
    }
    if (first < b.from) b.from = first;
    if (last > b.to) b.to = last;
  }
  written[g.output] = true;
  for (int i = n - 1; i >= 0; --i) {
    i64 size = 0;
    for (int j = 0; j < g.op[i].inputs; ++j) {
      const int v = g.op[i].in[j];
      if (written[v]) {
        p.adds[i] |= 1u << j;
        size += detail::padded(g.value[v].shape.size());
      }
      written[v] = true;
    }
    temporary_block[i] = {size, 2 * n - i, 2 * n - i, 0};
  }

  p.size = detail::place(block, 2 * values + N);
  for (int v = 0; v < g.values; ++v) {
    p.value[v] = value_block[p.root[v]].offset;
    p.gradient[v] = gradient_block[p.gradient_root[v]].offset;
  }
  for (int i = 0; i < n; ++i) p.temporary[i] = temporary_block[i].offset;
  return p;
}

}  // namespace ctnet

#pragma GCC diagnostic pop
