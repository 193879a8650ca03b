// must say: copy a list, a deque or a std::vector<bool> into a std::vector of numbers
#include <ctnet/ctnet.hpp>
#include <list>
using namespace ctnet;
#ifdef FIXED
using Input = std::vector<float>;
#else
using Input = std::list<float>;
#endif
int main() {
  Network<Sequential<Linear<4, 2>>, Features<4>> net{Seed{1}};
  const Input x(8);
  const std::vector<float> y = net.predict(x);
}
