// must say: layer 0 Conv<1 6 5> expects 1 channels gets 3
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 3;
#else
constexpr int in = 1;
#endif
static_assert(Analysis<Sequential<Conv<in, 6, 5>>, Image<3, 9, 9>>::parameters >= 0);
