// must say: Same takes an odd window gets 4
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 5;
#else
constexpr int k = 4;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, k, Same>>, Image<3, 9, 9>>::parameters >= 0);
