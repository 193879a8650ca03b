// must say: stride 0 must be positive
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int s = 1;
#else
constexpr int s = 0;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Stride<s>>>, Image<3, 9, 9>>::parameters >= 0);
