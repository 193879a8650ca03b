// must say: Same takes stride 1 gets 2
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int s = 1;
#else
constexpr int s = 2;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Same, Stride<s>>>, Image<3, 9, 9>>::parameters >= 0);
