// must say: network takes 3 x -5 x 4 must be positive
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 5;
#else
constexpr int side = -5;
#endif
static_assert(Analysis<Sequential<ReLU>, Image<3, side, 4>>::parameters == 0);
