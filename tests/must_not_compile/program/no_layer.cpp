// must say: layer 2 Swish is no layer at Name<4>{"1.1"}
#include <ctnet/layers/activation/layer.hpp>
#include <ctnet/layers/conv/layer.hpp>
#include <ctnet/program/analysis.hpp>
using namespace ctnet;
#ifdef FIXED
using Swish = SiLU;
#else
struct Swish {};
#endif
static_assert(Analysis<Sequential<Conv<3, 8, 3>, Sequential<ReLU, Swish>>, Image<3, 9, 9>>::output.c() == 8);
