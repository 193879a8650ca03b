// must say: option Dilation is not known to this layer
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = Stride<2>;
#else
using O = Dilation<2>;
#endif
static_assert(Analysis<Sequential<AvgPool<2, O>>, Image<1, 8, 8>>::parameters >= 0);
