// must say: this is no tensor which has data()
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Label = int;
#else
using Label = bool;
#endif
int main() {
  const std::vector<float> logits(8);
  const std::vector<Label> labels(4);
  const auto loss = CrossEntropy{}(logits, labels);
  return loss.value > 1;
}
