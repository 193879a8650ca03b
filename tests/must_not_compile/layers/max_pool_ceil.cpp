// must say: window 3 does not fit into 1 x 1
// (as PyTorch, which would have no output)
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 2;
#else
constexpr int side = 1;
#endif
static_assert(Analysis<MaxPool<3, Stride<2>, CeilMode>, Image<1, side, side>>::output == Shape{1, 1, 1});
