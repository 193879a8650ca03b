// must say: layer 0 Linear<99 10> expects 99 features gets 98
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 98;
#else
constexpr int in = 99;
#endif
static_assert(Analysis<Sequential<Linear<in, 10>>, Features<98>>::output == Shape{10});
