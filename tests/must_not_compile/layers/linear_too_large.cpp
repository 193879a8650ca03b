// must say: layer 0 Linear<65536 65536> weight gives more than 2147483647 values
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int out = 2;
#else
constexpr int out = 65536;
#endif
static_assert(Analysis<Sequential<Linear<65536, out>>, Features<65536>>::parameters > 0);
