// must say: training changes the network, which is const here; its clone() is one to train
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct Batch {
  std::vector<float> images;
  std::vector<int> labels;
};
int main() {
  const std::vector<Batch> batches{{std::vector<float>(8), std::vector<int>(2)}};
  const Network<Sequential<Linear<4, 2>>, Features<4>> made;
#ifdef FIXED
  auto net = made.clone();
#else
  const auto& net = made;
#endif
  fit(net, batches, SGD{}, CrossEntropy{}, {.epochs = 1}, batches);
}
