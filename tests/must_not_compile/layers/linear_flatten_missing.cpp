// must say: layer 1 Linear<12 2> expects 12 features gets 3 x 2 x 2 a Flatten is missing before it
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Before = Flatten;
#else
using Before = ReLU;
#endif
static_assert(Analysis<Sequential<Before, Linear<12, 2>>, Image<3, 2, 2>>::parameters >= 0);
