// must say: this loss takes targets of the logits' type, float or double, and gets labels of an integer type
#include <ctnet/losses.hpp>
using namespace ctnet;
#ifdef FIXED
using Target = float;
#else
using Target = int;
#endif
int main() {
  const std::vector<float> predictions(4);
  const std::vector<Target> targets(4);
  return SmoothL1{}(predictions, targets).value > 1;
}
