// must say: window 3 x 8 does not fit into 4 x 7
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 7;
#else
constexpr int k = 8;
#endif
static_assert(Analysis<Sequential<Conv<1, 2, Size{3, k}>>, Image<1, 4, 7>>::parameters >= 0);
