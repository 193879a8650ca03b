// must say: tap does not exist
// (read before it is set)
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using First = Sequential<Tap<"a">, AddTap<"a">>;
#else
using First = Sequential<AddTap<"a">, Tap<"a">>;
#endif
static_assert(Analysis<Sequential<ReLU, First>, Image<3, 9, 9>>::parameters >= 0);
