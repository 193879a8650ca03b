// must say: layer 2 Conv<12 4 1> expects an image gets 12 features
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Between = ReLU;
#else
using Between = Flatten;
#endif
static_assert(Analysis<Sequential<ReLU, Between, Conv<12, 4, 1>>, Image<12, 1, 1>>::parameters >= 0);
