// must say: layer 1 MaxPool<3> window 3 does not fit into 2 x 5
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 2;
#else
constexpr int k = 3;
#endif
static_assert(Analysis<Sequential<ReLU, MaxPool<k>>, Image<1, 2, 5>>::parameters >= 0);
