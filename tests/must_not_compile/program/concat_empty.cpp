// must say: a branch is missing
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Branches = Concat<ReLU>;
#else
using Branches = Concat<>;
#endif
static_assert(Analysis<Sequential<Branches>, Image<3, 9, 9>>::parameters >= 0);
