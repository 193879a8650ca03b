// must say: layer 9 Concat 9 branches are more than 8 at
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Ninth = Sequential<>;
template <class>
using All = Concat<ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU>;
#else
using Ninth = ReLU;
template <class Last>
using All = Concat<ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, ReLU, Last>;
#endif
static_assert(Analysis<Sequential<All<Ninth>>, Image<3, 9, 9>>::parameters == 0);
