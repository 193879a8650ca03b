// must say: this branch gives 3 x 9 x 9 first branch gives 4 x 7 x 7
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 1;
#else
constexpr int k = 3;
#endif
static_assert(Analysis<Sequential<Tap<"a">, Conv<3, 4, k>, ConcatTap<"a">>, Image<3, 9, 9>>::parameters >= 0);
