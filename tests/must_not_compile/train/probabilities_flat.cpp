// must say: neither logits nor targets say how many classes they have; pass a tensor with a shape (N, C)
#include <ctnet/ctnet.hpp>
using namespace ctnet;
int main() {
  const std::vector<float> logits(8), targets(8, 0.25f);
#ifdef FIXED
  const auto loss = CrossEntropy{}(View<const float>{logits.data(), 2, Shape{4}}, targets);
#else
  const auto loss = CrossEntropy{}(logits, targets);
#endif
  return loss.value > 1;
}
