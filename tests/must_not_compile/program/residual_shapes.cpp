// must say: this branch gives 4 x 9 x 9 first branch gives 4 x 7 x 7
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Main = Conv<4, 4, 1>;
#else
using Main = Conv<4, 4, 3>;
#endif
static_assert(Analysis<Sequential<Residual<Main>>, Image<4, 9, 9>>::parameters >= 0);
