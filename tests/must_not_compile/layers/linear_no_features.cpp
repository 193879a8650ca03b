// must say: layer 0 Linear<12 0> out features 0 must be positive
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int out = 1;
#else
constexpr int out = 0;
#endif
static_assert(Analysis<Sequential<Linear<12, out>>, Features<12>>::parameters >= 0);
