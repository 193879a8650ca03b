// must say: option a type that is no option is not known to this layer
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using O = NoBias;
#else
using O = ReLU;
#endif
static_assert(Analysis<Sequential<Conv<3, 4, 1, O>>, Image<3, 9, 9>>::parameters > 0);
