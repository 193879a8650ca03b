// SPDX-License-Identifier: MIT
// Memory plans: nothing that is still needed is overwritten, and results are those of a plan without any sharing.
#include <memory>

#include <ctnet/program/analysis.hpp>

#include "../support/compare.hpp"
#include "../support/values.hpp"
#include "big_nets.hpp"
#include "random_graph.hpp"
#include "simulate.hpp"

using namespace test;
using namespace ctnet;

TEST_CASE("plans of random graphs are sound") {
  const auto d = std::make_unique<Drawn<Reference<double>>>();
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    draw_graph(seed, *d);
    plans_are_sound(d->graph, "graph " + std::to_string(seed));
  }
}

template <class Net, class Input>
static void plans_of(const std::string& name) {
  static_assert(!graph<Net, Input>.fault);
  plans_are_sound(graph<Net, Input>, name);
}
TEST_CASE("plans of networks are sound") {
  using C1 = Conv<4, 4, 1>;
  using In = Image<4, 3, 3>;
  plans_of<nets::LeNet, Image<3, 32, 32>>("LeNet");
  plans_of<nets::ResNet50, Image<3, 32, 32>>("ResNet-50");
  plans_of<nets::SqueezeNet, Image<3, 64, 64>>("SqueezeNet");
  plans_of<Sequential<>, In>("nothing");
  plans_of<Sequential<Flatten>, In>("a view");
  plans_of<Sequential<ReLU>, In>("in place on the input");
  plans_of<Sequential<Flatten, ReLU, Flatten, Sigmoid>, In>("in place on a view of the input");
  plans_of<Sequential<C1, ReLU, ReLU, Dropout<>, Flatten, Sigmoid>, In>("a chain in place");
  plans_of<Residual<Sequential<>>, In>("x + x");
  plans_of<Sequential<ReLU, Residual<ReLU>>, In>("x + relu(x)");
  plans_of<Sequential<C1, Residual<Sequential<ReLU, C1>, ReLU>>, In>("two ReLUs on one value");
  plans_of<Sequential<C1, Concat<Sequential<>, Sequential<>, ReLU, Sequential<>>>, In>("one value four times");
  plans_of<Sequential<C1, Tap<"a">, ReLU, Tap<"b">, Sigmoid, AddTap<"a">, ConcatTap<"b">>, In>(
      "taps within a chain in place");
  plans_of<Sequential<Tap<"x">, C1, Flatten, Tap<"f">, ReLU, AddTap<"f">, Linear<36, 36>, AddTap<"f">>, In>(
      "a tapped view");
  plans_of<Sequential<Tap<"x">, Sigmoid, AddTap<"x">, GELU, AddTap<"x">>, In>("the tapped input");
  plans_of<Sequential<C1, Tap<"a">, AddTap<"a">, AddTap<"a">>, In>("a value added to itself");
  plans_of<Concat<Sequential<C1, Residual<C1>>, Concat<C1, ReLU>, Sequential<>>, In>("branches in branches");
}

// Every value, gradient and temporary in memory of its own; only views share.
struct OwnMemory {
  i64 value[graph_room + 1]{}, gradient[graph_room + 1]{}, temporary[graph_room]{};
  unsigned adds[graph_room]{};
  i64 size = 0;

  explicit OwnMemory(const RandomGraph& g) {
    const auto take = [&](i64 n) {
      const i64 at = size;
      size += detail::padded(n);
      return at;
    };
    bool seen[graph_room + 1]{};
    for (int v = 0; v < g.values; ++v) {
      const bool view = v > 0 && g.op[v - 1].traits.alias;
      value[v] = view ? value[g.op[v - 1].in[0]] : take(g.value[v].shape.size());
      gradient[v] = take(g.value[v].shape.size());
    }
    for (int i = g.ops - 1; i >= 0; --i) {
      temporary[i] = size;
      for (int j = 0; j < g.op[i].inputs; ++j) {
        const int v = g.op[i].in[j];
        if (seen[v]) adds[i] |= 1u << j, take(g.value[v].shape.size());
        seen[v] = true;
      }
    }
  }
};

template <class B>
static void same_as_with_own_memory(int graphs) {
  using T = typename B::scalar;
  const auto d = std::make_unique<Drawn<B>>();
  for (std::uint64_t seed = 0; seed < static_cast<std::uint64_t>(graphs); ++seed) {
    draw_graph(seed, *d);
    const RandomGraph& g = d->graph;
    const auto inference = plan_inference(g);
    const auto training = plan_training(g);
    const OwnMemory own(g);
    Program p{g.op,     g.value,      g.tensor,     g.ops,   g.values, g.tensors,
              g.output, g.parameters, g.statistics, g.saved, {},       {}};
    Program q = p;
    p.inference = {inference.offset, inference.size};
    p.training = {training.value, training.gradient, training.temporary, training.adds, training.size};
    q.inference = {own.value, own.size};
    q.training = {own.value, own.gradient, own.temporary, own.adds, own.size};
    Engine<B> planned(p, d->step), separate(q, d->step);
    planned.initialize(Seed{1});
    separate.initialize(Seed{1});
    const std::string what = "graph " + std::to_string(seed);
    const std::size_t in = 48, out = static_cast<std::size_t>(g.value[g.output].shape.size());
    for (const std::size_t batch : {2u, 3u, 1u}) {
      const auto x = values<T>("x" + what, batch * in);
      const auto grad = values<T>("g" + what, batch * out);
      const auto of = [](const T* y, std::size_t n) { return std::span<const T>(y, n); };
      check_same_bits(of(planned.predict(x.data(), batch), batch * out),
                      of(separate.predict(x.data(), batch), batch * out), what + ", predict");
      check_same_bits(of(planned.forward(x.data(), batch), batch * out),
                      of(separate.forward(x.data(), batch), batch * out), what + ", forward");
      planned.zero_grad();
      separate.zero_grad();
      check_same_bits(of(planned.backward(grad.data(), true), batch * in),
                      of(separate.backward(grad.data(), true), batch * in), what + ", gradient of the input");
      check_same_bits(planned.gradients(), separate.gradients(), what + ", gradients of the parameters");
      check_same_bits(planned.statistics(), separate.statistics(), what + ", statistics");
    }
  }
}
TEST_CASE("results do not depend on the plan") {
  same_as_with_own_memory<Reference<double>>(300);
  same_as_with_own_memory<Cpu<float>>(100);
}
