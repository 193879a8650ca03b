// must say: branch 2 this branch gives 5 x 7 x 7 first branch gives 4 x 9 x 9
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 1;
#else
constexpr int k = 3;
#endif
static_assert(Analysis<Sequential<Concat<Conv<3, 4, 1>, Conv<3, 2, 1>, Conv<3, 5, k>>>, Image<3, 9, 9>>::parameters >=
              0);
