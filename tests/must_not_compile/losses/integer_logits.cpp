// must say: a loss takes logits of float or double
#include <ctnet/losses.hpp>
using namespace ctnet;
#ifdef FIXED
using Logit = float;
#else
using Logit = int;
#endif
int main() {
  const std::vector<Logit> logits(4);
  const std::vector<int> labels(2);
  return CrossEntropy{}(logits, labels).value > 1;
}
