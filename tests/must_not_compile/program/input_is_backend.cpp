// must say: Cpu<float> is no Image or Features the backend comes third
#include <ctnet/infer.hpp>
using namespace ctnet;
#ifdef FIXED
using Second = Image<3, 9, 9>;
#else
using Second = Cpu<float>;
#endif
static_assert(Analysis<Sequential<ReLU>, Second>::parameters == 0);
