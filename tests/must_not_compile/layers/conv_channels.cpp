// must say: layer 1 Conv<8 4 3> expects 8 channels gets 6
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 6;
#else
constexpr int in = 8;
#endif
static_assert(Analysis<Sequential<Conv<3, 6, 3>, Conv<in, 4, 3>>, Image<3, 9, 9>>::parameters >= 0);
