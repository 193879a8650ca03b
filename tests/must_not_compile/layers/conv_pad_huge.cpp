// must say: layer 0 Conv<3 4 3 Pad<1073741824>> gives more than 2147483647 values
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int p = 1;
#else
constexpr int p = 1073741824;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Pad<p>>>, Image<3, 32, 32>>::parameters > 0);
