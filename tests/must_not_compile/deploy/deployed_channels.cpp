// must say: layer 1 Conv<8, 4, 3> expects 8 channels gets 6
#include <ctnet/infer.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 6;
#else
constexpr int in = 8;
#endif
static constinit Deployed<Sequential<Conv<3, 6, 5>, Conv<in, 4, 3>, Flatten, Linear<4, 2>>, Image<3, 7, 7>> net;
