// must say: option Same is not known to this layer
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = CeilMode;
#else
using O = Same;
#endif
static_assert(Analysis<Sequential<MaxPool<3, O>>, Image<3, 9, 9>>::parameters >= 0);
