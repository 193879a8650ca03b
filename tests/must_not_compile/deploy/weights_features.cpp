// must say: layer 1 Linear<9, 2> expects 9 features gets 16
#include <ctnet/infer.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 16;
#else
constexpr int in = 9;
#endif
static constinit Weights<Sequential<Flatten, Linear<in, 2>>, Image<1, 4, 4>> weights;
