// must say: layer 1 MaxPool<1> expects an image gets 8 features
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
static_assert(Analysis<Sequential<Between, MaxPool<1>>, Image<8, 1, 1>>::parameters >= 0);
