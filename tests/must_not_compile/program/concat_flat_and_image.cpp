// must say: this branch gives
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Second = ReLU;
#else
using Second = Flatten;
#endif
static_assert(Analysis<Sequential<Concat<ReLU, Second>>, Image<3, 9, 9>>::parameters >= 0);
