// must say: training changes the optimizer, which is const here
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct Batch {
  std::vector<float> images;
  std::vector<int> labels;
};
int main() {
  Network<Sequential<Linear<4, 2>>, Features<4>> net;
#ifdef FIXED
  Optimizer step{net, SGD{}};
#else
  const Optimizer step{net, SGD{}};
#endif
  Trainer trainer(net, step, CrossEntropy{});
  trainer.submit(Batch{std::vector<float>(8), std::vector<int>(2)});
}
