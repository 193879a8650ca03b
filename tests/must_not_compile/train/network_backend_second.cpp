// must say: is no Image or Features the backend comes third
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Input = Features<4>;
#else
using Input = Cpu<float>;
#endif
int main() { Network<Sequential<ReLU>, Input> net; }
