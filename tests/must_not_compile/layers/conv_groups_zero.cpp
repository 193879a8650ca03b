// must say: groups 0 must be positive
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int g = 1;
#else
constexpr int g = 0;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Groups<g>>>, Image<3, 9, 9>>::parameters >= 0);
