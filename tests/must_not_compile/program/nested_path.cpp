// must say: layer 6 Conv<7 8 3> expects 7 channels gets 8 at Name<11>{"1.0.main.2"}
// (in a nest the path by which files name the layer)
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 8;
#else
constexpr int in = 7;
#endif
using Block = Sequential<Residual<Sequential<Conv<8, 8, 1>, ReLU, Conv<in, 8, 3>, Conv<8, 8, 3, Pad<2>>>>, ReLU>;
static_assert(Analysis<Sequential<Sequential<Conv<3, 8, 3>, ReLU, ReLU, ReLU>, Block>, Image<3, 9, 9>>::output.c() == 8);
