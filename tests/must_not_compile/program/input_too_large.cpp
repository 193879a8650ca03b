// must say: network takes 1 x 65537 x 65537 more than 2147483647 values
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 257;
#else
constexpr int side = 65537;
#endif
static_assert(Analysis<Sequential<Flatten>, Image<1, side, side>>::output.size() > 0);
