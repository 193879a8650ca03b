// must say: forward
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Input = std::vector<float>;
#else
using Input = int;
#endif
int main() {
  Network<Sequential<Linear<4, 2>>, Features<4>> net{Seed{1}};
  Input x{};
  net.forward(x);
}
