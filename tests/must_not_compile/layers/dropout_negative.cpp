// must say: per 100 must be from 0 to below 1
#include <ctnet/layers/dropout/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int p = 0;
#else
constexpr int p = -1;
#endif
static_assert(Analysis<Sequential<Dropout<p>>, Features<6>>::parameters >= 0);
