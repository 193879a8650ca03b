// must say: layer 1 GlobalAvgPool expects an image gets 4 features
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Between = ReLU;
#else
using Between = Flatten;
#endif
static_assert(Analysis<Sequential<Between, GlobalAvgPool>, Image<4, 1, 1>>::parameters >= 0);
