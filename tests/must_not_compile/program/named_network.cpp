// must say: layer 2 Linear<99 10> expects 99 features gets 98
#include <ctnet/layers.hpp>
#include <ctnet/train/network.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int in = 98;
#else
constexpr int in = 99;
#endif
struct Net : Sequential<ReLU, Flatten, Linear<in, 10>> {};
int main() { Network<Net, Image<2, 7, 7>> net{Seed{1}}; }
