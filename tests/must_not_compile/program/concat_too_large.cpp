// must say: layer 2 Concat gives more than 2147483647 values
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int features = 1000000000;
#else
constexpr int features = 1500000000;
#endif
static_assert(Analysis<Concat<ReLU, ReLU>, Features<features>>::parameters == 0);
