// must say: an optimizer changes the network, which is const here; its clone() is one to train
#include <ctnet/ctnet.hpp>
using namespace ctnet;
int main() {
  const Network<Sequential<Linear<4, 2>>, Features<4>> made;
#ifdef FIXED
  auto net = made.clone();
#else
  const auto& net = made;
#endif
  Optimizer step{net, SGD{}};
  step();
}
