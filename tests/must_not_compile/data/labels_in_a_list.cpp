// must say: this is no tensor which has data()
#include <ctnet/ctnet.hpp>
#include <list>
using namespace ctnet;
#ifdef FIXED
using Labels = std::vector<int>;
#else
using Labels = std::list<int>;
#endif
int main() {
  const std::vector<float> images(8);
  const data::TensorDataset<Features<4>> set{images, Labels{1, 0}};
  return set.label(0);
}
