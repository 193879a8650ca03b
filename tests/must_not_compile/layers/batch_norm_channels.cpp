// must say: layer 1 BatchNorm<8> expects 8 channels gets 6
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/layers/norm/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 6;
#else
constexpr int c = 8;
#endif
static_assert(Analysis<Sequential<Conv<3, 6, 3>, BatchNorm<c>>, Image<3, 9, 9>>::parameters >= 0);
