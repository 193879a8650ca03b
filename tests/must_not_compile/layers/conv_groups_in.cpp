// must say: layer 0 Conv<4 6 3 Groups<3>> 3 groups do not divide 4 channels
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int g = 2;
#else
constexpr int g = 3;
#endif
static_assert(Analysis<Sequential<Conv<4, 6, 3, Groups<g>>>, Image<4, 9, 9>>::parameters >= 0);
