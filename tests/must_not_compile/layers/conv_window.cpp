// must say: layer 0 Conv<1 2 5> window 5 does not fit into 4 x 7
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 4;
#else
constexpr int k = 5;
#endif
static_assert(Analysis<Sequential<Conv<1, 2, k>>, Image<1, 4, 7>>::parameters >= 0);
