// must say: MeanSquaredError takes targets of the networks type gets targets of another type
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Target = float;
#else
using Target = double;
#endif
struct Batch {
  std::vector<float> images;
  std::vector<Target> targets;
};
int main() {
  Network<Sequential<Linear<4, 2>>, Features<4>> net;
  const std::vector<Batch> batches{{std::vector<float>(8), std::vector<Target>(4)}};
  fit(net, batches, Adam{}, MeanSquaredError{});
}
