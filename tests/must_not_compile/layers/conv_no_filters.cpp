// must say: layer 0 Conv<3 0 3> out channels 0 must be positive
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int out = 1;
#else
constexpr int out = 0;
#endif
static_assert(Analysis<Sequential<Conv<3, out, 3>>, Image<3, 9, 9>>::parameters >= 0);
