// must say: this loss takes labels of an integer type, one for each row, and gets targets of float or double
#include <ctnet/losses.hpp>
using namespace ctnet;
#ifdef FIXED
using Target = long;
#else
using Target = float;
#endif
int main() {
  const std::vector<float> logits(4);
  const std::vector<Target> targets(2);
  return NLLLoss{}(logits, targets).value > 1;
}
