// must say: tap gives 3 x 9 x 9 expects 4 x 9 x 9
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 3;
#else
constexpr int c = 4;
#endif
static_assert(Analysis<Sequential<Tap<"a">, Conv<3, c, 1>, AddTap<"a">>, Image<3, 9, 9>>::parameters >= 0);
