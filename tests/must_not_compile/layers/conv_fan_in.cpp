// must say: weight gives more than 2147483647 values
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 64;
#else
constexpr int c = 65536;
#endif
static_assert(Analysis<Sequential<Conv<c, 1, 256, Pad<64>>>, Image<c, 128, 128>>::parameters > 0);
