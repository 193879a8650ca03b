// must say: layer 0 AvgPool<9> window 9 does not fit into 8 x 8
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int k = 8;
#else
constexpr int k = 9;
#endif
static_assert(Analysis<Sequential<AvgPool<k>>, Image<1, 8, 8>>::parameters >= 0);
