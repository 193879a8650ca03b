// must say: layer 1 Linear<11 2> expects 11 features gets 12
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 12;
#else
constexpr int in = 11;
#endif
static_assert(Analysis<Sequential<Flatten, Linear<in, 2>>, Image<3, 2, 2>>::parameters >= 0);
