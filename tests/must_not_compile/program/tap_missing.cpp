// must say: ConcatTap<Name<2>{"b"}> tap does not exist taps before it Name<2>{"a"}
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Here = Tap<"b">;
#else
using Here = Tap<"a">;
#endif
static_assert(Analysis<Sequential<Here, ReLU, ConcatTap<"b">>, Image<3, 9, 9>>::parameters >= 0);
