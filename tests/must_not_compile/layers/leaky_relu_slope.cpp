// must say: negative slope 0 must be positive
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int d = 1;
#else
constexpr int d = 0;
#endif
static_assert(Analysis<Sequential<LeakyReLU<1, d>>, Features<6>>::parameters >= 0);
