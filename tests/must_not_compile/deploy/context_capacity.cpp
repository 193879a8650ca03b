// must say: Context: the capacity is the most images of a call, at least 1
#include <ctnet/infer.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int capacity = 1;
#else
constexpr int capacity = 0;
#endif
using Net = Sequential<Flatten, Linear<16, 2>>;
static_assert(Context<Net, Image<1, 4, 4>, Cpu<float>, capacity>::inputs == 16);
