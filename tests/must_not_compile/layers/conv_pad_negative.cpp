// must say: pad -1 must not be negative
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int p = 0;
#else
constexpr int p = -1;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Pad<p>>>, Image<3, 9, 9>>::parameters >= 0);
