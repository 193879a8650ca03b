// must say: option NoBias is not known to this layer
#include <ctnet/layers/norm/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = Eps<1, 1000>;
#else
using O = NoBias;
#endif
static_assert(Analysis<Sequential<BatchNorm<3, O>>, Image<3, 9, 9>>::parameters >= 0);
