// must say: layer 1 Half lacks infer
// (a layer of the user's own that is not whole)
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
struct Half : Flatten {};
#else
struct Half : NoState {
  using Op = NoOp;
  static constexpr Traits traits{};
};
#endif
static_assert(Analysis<Sequential<ReLU, Half>, Image<3, 9, 9>>::parameters == 0);
