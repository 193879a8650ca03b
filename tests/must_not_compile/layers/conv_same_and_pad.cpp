// must say: option Pad is given twice
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = NoBias;
#else
using O = Pad<1>;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 3, Same, O>>, Image<3, 9, 9>>::parameters >= 0);
