// must say: layer 0 BatchNorm<8> expects 8 channels gets 6
#include <ctnet/layers/norm/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 6;
#else
constexpr int c = 8;
#endif
static_assert(Analysis<Sequential<BatchNorm<c>>, Features<6>>::parameters >= 0);
