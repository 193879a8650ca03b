// must say: Cpu<bfloat16> is for deployed networks only
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Backend = Cpu<float>;
#else
using Backend = Cpu<bfloat16>;
#endif
int main() { Network<Sequential<ReLU>, Features<4>, Backend> net; }
