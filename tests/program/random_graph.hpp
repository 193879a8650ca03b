// SPDX-License-Identifier: MIT
// Graphs drawn at random: images of 4 x 4 x 3 and vectors of 48, in-place layers, layers that keep their input or
// output, views, values with several readers, sums of up to three. Every value has a reader, as in networks made by
// containers.
#pragma once

#include <cstdint>
#include <vector>

#include <ctnet/layers.hpp>
#include <ctnet/train/engine.hpp>

namespace test {

inline constexpr int graph_room = 48;
using RandomGraph = ctnet::Graph<graph_room>;

template <class B>
struct Drawn {
  RandomGraph graph;
  ctnet::Step<B> step[graph_room]{};
};

template <class B>
void draw_graph(std::uint64_t seed, Drawn<B>& d) {
  using namespace ctnet;
  RandomGraph& g = d.graph;
  g = RandomGraph();
  for (auto& s : d.step) s = {};
  Builder b{g};
  Random random{Seed{seed}};
  const auto below = [&](std::size_t n) { return static_cast<int>(random.below(static_cast<std::uint32_t>(n))); };
  b.input({4, 4, 3});
  const auto on = [&]<class L>(L*, int v) {
    if constexpr (!L::traits.alias) {
      const auto op = L::op(b.shape(v), b.shape(v));  // every layer here keeps the shape
      d.step[b.ops] = detail::step_of<typename L::Op, B>(detail::takes_of<typename L::Op, B, 0>(op));
    }
    b.append<L>(v);
  };
  const auto add = [&](const std::vector<int>& in) {
    const Shape s = b.shape(in[0]);
    const int n = static_cast<int>(in.size());
    d.step[b.ops] = detail::step_of<AddOp, B>(detail::takes_of<AddOp, B, 0>(AddOp{n, static_cast<int>(s.size())}));
    b.push(in.data(), n, s, Add::traits, pack_op(AddOp{n, static_cast<int>(s.size())}));
  };
  const int layers = 3 + below(20);
  while (b.ops < layers) {
    // mostly the newest value, sometimes an older one
    const int v = random.chance(0.7) ? b.values - 1 : below(static_cast<std::size_t>(b.values));
    const bool image = b.shape(v).rank == 3;
    switch (below(11)) {
      case 0:
        on(static_cast<ReLU*>(nullptr), v);
        break;
      case 1:
        on(static_cast<Sigmoid*>(nullptr), v);
        break;
      case 2:
        on(static_cast<GELU*>(nullptr), v);
        break;
      case 3:
        on(static_cast<Dropout<>*>(nullptr), v);
        break;
      case 4:
        on(static_cast<Flatten*>(nullptr), v);
        break;
      case 5:
        image ? on(static_cast<Conv<4, 4, 3, Pad<1>>*>(nullptr), v) : on(static_cast<Linear<48, 48>*>(nullptr), v);
        break;
      case 6:
        image ? on(static_cast<BatchNorm<4>*>(nullptr), v) : on(static_cast<Tanh*>(nullptr), v);
        break;
      case 7:
        image ? on(static_cast<MaxPool<3, Stride<1>, Pad<1>>*>(nullptr), v) : on(static_cast<ReLU*>(nullptr), v);
        break;
      case 8:
        on(static_cast<ReLU*>(nullptr), v);
        break;
      default: {
        std::vector<int> in{v};
        for (int tries = 0; tries < 6 && in.size() < 3; ++tries) {
          const int w = below(static_cast<std::size_t>(b.values));
          if (b.shape(w) == b.shape(v)) in.push_back(w);
        }
        add(in);
      }
    }
  }
  // Whatever nobody reads yet goes into the result.
  for (const bool image : {true, false})
    for (;;) {
      std::vector<int> unread;
      for (int v = 0; v < b.values; ++v)
        if (g.value[v].users == 0 && (b.shape(v).rank == 3) == image && unread.size() < 3) unread.push_back(v);
      if (unread.size() > 1) {
        add(unread);
      } else {
        bool other = false;
        for (int v = 0; v < b.values; ++v) other = other || (g.value[v].users == 0 && b.shape(v).rank == 1);
        if (image && unread.size() == 1 && other) on(static_cast<Flatten*>(nullptr), unread[0]);
        break;
      }
    }
  g.ops = b.ops, g.values = b.values, g.tensors = b.tensors, g.output = b.values - 1;
  g.parameters = b.parameters, g.statistics = b.statistics, g.saved = b.saved, g.macs = b.macs;
}

}  // namespace test
