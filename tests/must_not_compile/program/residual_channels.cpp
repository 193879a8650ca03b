// must say: layer 2 Residual shortcut this branch gives 5 x 9 x 9 first branch gives 4 x 9 x 9
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 4;
#else
constexpr int c = 5;
#endif
static_assert(Analysis<Sequential<Residual<Conv<3, 4, 1>, Conv<3, c, 1>>>, Image<3, 9, 9>>::parameters >= 0);
