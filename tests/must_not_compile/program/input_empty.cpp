// must say: network takes 3 x 0 x 0 must be positive
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 1;
#else
constexpr int side = 0;
#endif
static_assert(Analysis<Sequential<ReLU>, Image<3, side, side>>::parameters == 0);
