// must say: Cpu<double> is no Image or Features the backend comes third
#include <ctnet/infer.hpp>
using namespace ctnet;
#ifdef FIXED
using Second = Image<3, 9, 9>;
#else
using Second = Cpu<double>;
#endif
static_assert(Analysis<Sequential<ReLU>, Second>::parameters == 0);
