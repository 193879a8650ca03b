// SPDX-License-Identifier: MIT
// Containers: Sequential, Residual, Concat, and named taps. Each knows how to emit its operations into a Builder and
// how to walk its leaves in the same order (walk: for kernels, names and type look-up).
#pragma once

#include <concepts>
#include <type_traits>

#include "../core/integers.hpp"
#include "../layers/reshape/layer.hpp"
#include "graph.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet {

namespace detail {

// A type that is no layer, in the place of a layer: it is blamed, and then passes on what it gets.
struct NoLayer : NoState {
  using Op = NoOp;
  static constexpr Traits traits{.alias = true};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr NoOp op(Shape, Shape) { return {}; }
};
template <class L>
concept Container = !Layer<L> && requires(Builder& b, int v) {
  { L::leaf_count } -> std::convertible_to<int>;
  { L::emit(b, v) } -> std::same_as<int>;
};
// What a type has not that a layer has.
template <class L>
constexpr words::Word lacks() {
  if constexpr (!requires { typename L::Op; })
    return requires { L::traits; } || requires { L::tensors(); } ? words::lacks_Op : words::is_no_layer;
  else if constexpr (!requires { L::traits.role; })
    return words::lacks_traits;
  else if constexpr (!requires(Shape s, Diagnosis& d) {
                       { L::infer(s, d) } -> std::same_as<Shape>;
                     })
    return words::lacks_infer;
  else if constexpr (!requires { L::tensors(); })
    return words::lacks_tensors;
  else if constexpr (!requires(Shape s) { L::macs(s, s); })
    return words::lacks_macs;
  else
    return words::lacks_op;
}

template <class L>
inline constexpr int leaves = 1;
template <Container L>
inline constexpr int leaves<L> = L::leaf_count;

template <class L>
constexpr int emit(Builder& b, int v) {
  if constexpr (Layer<L>) {
    return b.append<L>(v);
  } else if constexpr (Container<L>) {
    return L::emit(b, v);
  } else {
    b.blame(FaultKind::no_layer, lacks<L>());
    return b.append<NoLayer>(v);
  }
}

// v.template leaf<L>() for every leaf; v.enter(name or index), v.leave() around every child.
template <class L, class V>
constexpr void walk(V& v) {
  if constexpr (Layer<L>)
    v.template leaf<L>();
  else if constexpr (Container<L>)
    L::walk(v);
  else
    v.template leaf<NoLayer>();
}

// Child I of a pack, by derived-to-base deduction: no recursion.
template <class L>
struct Hold {
  using type = L;
};
template <int I, class L>
struct Slot {};
template <int I, class L>
Hold<L> pick(const Slot<I, L>*);
template <class I, class... L>
struct Slots;
template <int... I, class... L>
struct Slots<Ints<I...>, L...> : Slot<I, L>... {};

template <class... L>
struct Children {
  static constexpr int count = static_cast<int>(sizeof...(L));
  static constexpr int leaf_counts[sizeof...(L) + 1] = {leaves<L>..., 0};
  static constexpr int sum() {
    int s = 0;
    for (int n : leaf_counts) s += n;
    return s;
  }
  template <int I>
  using child = typename decltype(pick<I>(static_cast<const Slots<Iota<count>, L...>*>(nullptr)))::type;
};

// Leaf I of a network, as its descriptor's type; only asked for when there is something to say about it.
struct ChildAt {
  int child = 0, leaf = 0;
};
constexpr ChildAt child_of_leaf(const int* leaf_counts, int leaf) {
  int c = 0;
  while (leaf >= leaf_counts[c]) leaf -= leaf_counts[c++];
  return {c, leaf};
}
template <class L, int I>
constexpr auto leaf_of() {
  if constexpr (!Container<L>) {
    return Hold<L>{};
  } else {
    constexpr ChildAt at = child_of_leaf(L::Kids::leaf_counts, I);
    return leaf_of<typename L::Kids::template child<at.child>, at.leaf>();
  }
}

// Leaf I as a layer: what stands for a type that is none.
template <class Net, int I>
struct LayerAt {
  using Leaf = typename decltype(leaf_of<Net, I>())::type;
  using type = std::conditional_t<Layer<Leaf>, Leaf, NoLayer>;
};

constexpr unsigned long long hash(const char* s) {  // FNV-1a, and never 0
  unsigned long long h = 14695981039346656037ull;
  while (*s) h = (h ^ static_cast<unsigned char>(*s++)) * 1099511628211ull;
  return h ? h : 1;
}

// The join at a container's end, which errors name by the container.
template <class Of, class L>
struct JoinOf : L {
  using container = Of;
};

}  // namespace detail

// A tap's name as a template argument: Tap<"skip">.
template <unsigned N>
struct Name {
  char text[N]{};
  constexpr Name() = default;
  constexpr Name(const char (&s)[N]) {
    for (unsigned i = 0; i < N; ++i) text[i] = s[i];
  }
};

// One after the other. In files its children are "0", "1", ... as in PyTorch (taps are not counted).
template <class... L>
struct Sequential {
  using Kids = detail::Children<L...>;
  static constexpr int leaf_count = Kids::sum();

  static constexpr int emit(Builder& b, int v) {
    constexpr int (*all[])(Builder&, int) = {&detail::emit<L>..., nullptr};
    for (int i = 0; i < Kids::count; ++i) v = all[i](b, v);
    return v;
  }
  template <class V>
  static constexpr void walk(V& v) {
    constexpr void (*all[])(V&) = {&detail::walk<L, V>..., nullptr};
    int index = 0;
    for (int i = 0; i < Kids::count; ++i) {
      v.enter(index);
      all[i](v);
      v.leave();
      if (Kids::leaf_counts[i] > 0) ++index;
    }
  }
};

// main(x) + shortcut(x) (He et al. 2016); without a shortcut, x itself. In files: "main", "shortcut".
template <class Main, class Shortcut = Sequential<>>
struct Residual {
  using Kids = detail::Children<Main, Shortcut, detail::JoinOf<words::Residual, Add>>;
  static constexpr int leaf_count = Kids::sum();

  static constexpr int emit(Builder& b, int v) {
    const int in[] = {detail::emit<Main>(b, v), detail::emit<Shortcut>(b, v)};
    const Shape out = b.shape(in[0]);
    if (!(b.shape(in[1]) == out)) b.blame(FaultKind::branch, out, b.shape(in[1]), 1);
    return b.push(in, 2, out, Add::traits, pack_op(Add::op(out, out)));
  }
  template <class V>
  static constexpr void walk(V& v) {
    v.enter("main"), detail::walk<Main>(v), v.leave();
    v.enter("shortcut"), detail::walk<Shortcut>(v), v.leave();
    v.enter("add"), detail::walk<Add>(v), v.leave();
  }
};

// All branches on the same input, their channels one after another (Inception). Heights and widths must agree. In
// files: "0", "1", ...
template <class... Branch>
struct Concat {
  using Kids = detail::Children<Branch..., detail::JoinOf<words::Concat, ConcatChannels>>;
  static constexpr int leaf_count = Kids::sum();

  static constexpr int emit(Builder& b, int v) {
    constexpr int (*all[])(Builder&, int) = {&detail::emit<Branch>..., nullptr};
    constexpr int n = static_cast<int>(sizeof...(Branch));
    if (n == 0) b.blame(FaultKind::empty);
    int in[n + 1] = {v};
    for (int i = 0; i < n; ++i) in[i] = all[i](b, v);
    if (n > max_inputs) b.blame(FaultKind::branches, {}, {}, n);
    return join(b, in, n == 0 ? 1 : n > max_inputs ? max_inputs : n);
  }
  template <class V>
  static constexpr void walk(V& v) {
    constexpr void (*all[])(V&) = {&detail::walk<Branch, V>..., nullptr};
    for (int i = 0; i < static_cast<int>(sizeof...(Branch)); ++i) {
      v.enter(i);
      all[i](v);
      v.leave();
    }
    v.enter("concat"), detail::walk<ConcatChannels>(v), v.leave();
  }
  // Used by ConcatTap as well.
  static constexpr int join(Builder& b, const int* in, int n) {
    Shape out = b.shape(in[0]);
    ConcatOp op{n, static_cast<int>(out.plane()), {out.c()}};
    i64 all = out.c();
    for (int j = 1; j < n; ++j) {
      const Shape s = b.shape(in[j]);
      if (s.rank != out.rank || s.h() != out.h() || s.w() != out.w()) b.blame(FaultKind::branch, b.shape(in[0]), s, j);
      op.c[j] = s.c();
      all += s.c();
    }
    out.d[0] = all <= most_values ? static_cast<int>(all) : -1;  // which push blames
    return b.push(in, n, out, ConcatChannels::traits, pack_op(op));
  }
};

// Names the value that flows by; costs nothing.
template <Name N>
struct Tap {
  using Kids = detail::Children<>;
  static constexpr int leaf_count = 0;
  static constexpr int emit(Builder& b, int v) {
    b.set_tap(detail::hash(N.text), v);
    return v;
  }
  template <class V>
  static constexpr void walk(V& v) {
    if constexpr (requires { v.tap(N.text); }) v.tap(N.text);
  }
};

// What flows by, then the tapped value's channels (U-Net, DenseNet).
template <Name N>
struct ConcatTap {
  using Kids = detail::Children<detail::JoinOf<ConcatTap, ConcatChannels>>;
  static constexpr int leaf_count = 1;
  static constexpr int emit(Builder& b, int v) {
    const int in[] = {v, b.tap(detail::hash(N.text))};
    if (in[1] < 0) b.blame(FaultKind::tap_missing);
    return Concat<>::join(b, in, in[1] < 0 ? 1 : 2);
  }
  template <class V>
  static constexpr void walk(V& v) {
    detail::walk<ConcatChannels>(v);
  }
};

// What flows by plus the tapped value (FPN).
template <Name N>
struct AddTap {
  using Kids = detail::Children<detail::JoinOf<AddTap, Add>>;
  static constexpr int leaf_count = 1;
  static constexpr int emit(Builder& b, int v) {
    int in[] = {v, b.tap(detail::hash(N.text))};
    if (in[1] < 0) {
      b.blame(FaultKind::tap_missing);
      in[1] = v;
    }
    const Shape out = b.shape(v);
    if (!(b.shape(in[1]) == out)) b.blame(FaultKind::tap_shape, out, b.shape(in[1]));
    return b.push(in, 2, out, Add::traits, pack_op(Add::op(out, out)));
  }
  template <class V>
  static constexpr void walk(V& v) {
    detail::walk<Add>(v);
  }
};

namespace detail {
// A type that is no input stands for one feature: Checked blames it.
template <class In>
constexpr Shape input_shape() {
  if constexpr (InputType<In>)
    return In::shape;
  else
    return {1};
}
// The input in the builder's list: where it can be none, a pixel, so that only the input is blamed.
constexpr int checked_input(Builder& b, Shape s) {
  const Shape otherwise = s.rank == 3 ? Shape{1, 1, 1} : Shape{1};
  if (s.open()) {
    const bool any =
        s.rank == 3 && (s.d[1] == any_size || s.d[1] > 0) && (s.d[2] == any_size || s.d[2] > 0) && s.d[0] > 0;
    b.blame(any ? FaultKind::open_input : FaultKind::input_size, {}, s);
    return b.input(otherwise);
  }
  if (s.size() < 1)
    b.blame(FaultKind::input_size, {}, s);
  else if (s.size() > most_values)
    b.blame(FaultKind::input_too_large, {}, s);
  else
    return b.input(s);
  return b.input(otherwise);
}
}  // namespace detail

// The flat list of a network on an input; the check of its shapes is part of it (graph.fault).
template <class Net, class In>
constexpr auto lower() {
  Graph<detail::leaves<Net>> g;
  Builder b{g};
  g.output = detail::emit<Net>(b, detail::checked_input(b, detail::input_shape<In>()));
  g.ops = b.ops;
  g.values = b.values;
  g.tensors = b.tensors;
  g.parameters = b.parameters;
  g.statistics = b.statistics;
  g.saved = b.saved;
  g.macs = b.macs;
  g.fault = b.diagnosis.first;
  return g;
}
template <class Net, class In>
inline constexpr auto graph = lower<Net, In>();

}  // namespace ctnet

#pragma GCC diagnostic pop
