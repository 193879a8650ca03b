// must say: window 2 does not fit into 2 x 2
// (both pixels of the window lie in the padding)
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int d = 2;
#else
constexpr int d = 3;
#endif
static_assert(Analysis<Sequential<MaxPool<2, Pad<1>, Dilation<d>>>, Image<1, 2, 2>>::parameters >= 0);
