// SPDX-License-Identifier: MIT
// What rewriting may take for a sum. To compile is to pass.
#include <ctnet/layers/activation.hpp>
#include <ctnet/layers/conv.hpp>
#include <ctnet/layers/join.hpp>
#include <ctnet/program/analysis.hpp>
#include <ctnet/program/containers.hpp>
#include <ctnet/program/fuse.hpp>

namespace {
using namespace ctnet;

// A user's gate: what flows by times what a layer makes of it.
struct ProductOp {
  int inputs, size;
};
struct Product : NoState {
  using Op = ProductOp;
  static constexpr Traits traits{.role = Role::join};
  static constexpr Shape infer(Shape in, Diagnosis&) { return in; }
  static constexpr ProductOp op(Shape, Shape out) { return {2, static_cast<int>(out.size())}; }
};

template <class Join>
constexpr FusedGraph<2> rewritten() {
  Graph<2> g;
  Builder b(g);
  const int image = b.input({4, 5, 5});
  const int made = b.append<Conv<4, 4, 3, Pad<1>>>(image);
  const int in[] = {image, made};
  const Shape shape = b.shape(made);
  g.output = b.push(in, 2, shape, Join::traits, pack_op(Join::op(shape, shape)));
  g.ops = b.ops;
  g.values = b.values;
  const unsigned takes[] = {takes_add, takes_nothing};
  return fuse(g, takes, false);
}
constexpr auto sum = rewritten<Add>(), product = rewritten<Product>();
static_assert(sum.fused[1].gone && sum.fused[0].add == 0);
static_assert(!product.fused[1].gone && product.fused[0].add == -1 && product.graph.op[1].inputs == 2);

// An activation of one's own is not the library's.
struct OwnActivation : NoState {
  using Op = ProductOp;
  static constexpr Traits traits{.role = Role::activation};
};
static_assert(!detail::op_fits_role<OwnActivation>());
static_assert(detail::op_fits_role<ReLU>() && detail::op_fits_role<Product>());
}  // namespace
