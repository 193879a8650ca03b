// must say: network takes 3 x any x any a crop or a fixed Image is missing
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 9;
#else
constexpr int side = ctnet::any_size;
#endif
static_assert(Analysis<Sequential<ReLU>, Image<3, side, side>>::parameters >= 0);
