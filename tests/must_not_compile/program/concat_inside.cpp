// must say: layer 2 Conv<7 5 1> expects 7 channels gets 3
// (a fault deep in a branch is named by its own layer index)
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 3;
#else
constexpr int in = 7;
#endif
static_assert(
    Analysis<Sequential<ReLU, Concat<Conv<3, 4, 1>, Sequential<Conv<in, 5, 1>, ReLU>>>, Image<3, 9, 9>>::parameters >=
    0);
