// must say: training changes the optimizer, which is const here
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct Batch {
  std::vector<float> images;
  std::vector<int> labels;
};
int main() {
  const std::vector<Batch> batches{{std::vector<float>(8), std::vector<int>(2)}};
  Network<Sequential<Linear<4, 2>>, Features<4>> net;
#ifdef FIXED
  Optimizer step{net, SGD{}};
#else
  const Optimizer step{net, SGD{}};
#endif
  fit(net, batches, step, CrossEntropy{});
}
