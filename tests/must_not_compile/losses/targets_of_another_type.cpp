// must say: this loss takes targets of the logits' type: of float for logits of float, of double for double
#include <ctnet/losses.hpp>
using namespace ctnet;
#ifdef FIXED
using Target = float;
#else
using Target = double;
#endif
int main() {
  const std::vector<float> predictions(4);
  const std::vector<Target> targets(4);
  std::vector<float> gradient(4);
  return MeanSquaredError{}.compute(View<const float>{predictions.data(), 2, Shape{2}}, targets, gradient) > 1;
}
