// must say: option Pad is not known to this layer
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = NoBias;
#else
using O = Pad<1>;
#endif
static_assert(Analysis<Sequential<Linear<12, 2, O>>, Features<12>>::parameters >= 0);
