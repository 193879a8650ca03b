// must say: layer 1 Conv<5 6 3> expects 5 channels gets 4
// (three are wrong; the first is said)
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/layers/linear/layer.hpp>
#include <ctnet/layers/pool/layer.hpp>
#include <ctnet/layers/reshape/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 4;
#else
constexpr int in = 5;
#endif
static_assert(
    Analysis<Sequential<Conv<3, 4, 3>, Conv<in, 6, 3>, MaxPool<in == 5 ? 99 : 2>, Flatten, Linear<in == 5 ? 7 : 54, 2>>,
             Image<3, 11, 11>>::parameters >= 0);
