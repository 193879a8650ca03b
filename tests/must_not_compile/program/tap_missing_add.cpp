// must say: tap does not exist
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Here = Tap<"b">;
#else
using Here = Tap<"a">;
#endif
static_assert(Analysis<Sequential<Here, ReLU, AddTap<"b">>, Image<3, 9, 9>>::parameters >= 0);
