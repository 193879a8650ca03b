// must say: output size 0 must be positive
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int p = 1;
#else
constexpr int p = 0;
#endif
static_assert(Analysis<Sequential<AdaptiveAvgPool<p>>, Image<1, 8, 8>>::parameters >= 0);
