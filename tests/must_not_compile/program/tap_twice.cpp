// must say: tap exists already Name<2>{"a"}
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Second = Tap<"b">;
#else
using Second = Tap<"a">;
#endif
static_assert(Analysis<Sequential<Tap<"a">, ReLU, Second, ReLU>, Image<3, 9, 9>>::parameters >= 0);
