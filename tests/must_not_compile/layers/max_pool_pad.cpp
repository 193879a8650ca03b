// must say: pad 2 is more than half of window 3
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int p = 1;
#else
constexpr int p = 2;
#endif
static_assert(Analysis<Sequential<MaxPool<3, Pad<p>>>, Image<1, 8, 8>>::parameters >= 0);
