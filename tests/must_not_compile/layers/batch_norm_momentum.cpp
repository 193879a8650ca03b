// must say: momentum 11 per 10 must be from 0 to 1
#include <ctnet/layers/norm/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int m = 10;
#else
constexpr int m = 11;
#endif
static_assert(Analysis<Sequential<BatchNorm<3, Momentum<m, 10>>>, Image<3, 9, 9>>::parameters >= 0);
