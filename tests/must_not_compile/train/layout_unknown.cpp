// must say: this type has strides, padding or an offset that ctnet cannot read
#include <ctnet/ctnet.hpp>
using namespace ctnet;
struct Matrix {  // rows of four numbers, the next one after eight
  std::vector<float> values;
  const float* data() const { return values.data(); }
  std::size_t size() const { return values.size() / 2; }
#ifndef FIXED
  std::size_t spacing() const { return 8; }
#endif
};
int main() {
  Network<Sequential<Linear<4, 2>>, Features<4>> net{Seed{1}};
  const std::vector<float> y = net.predict(Matrix{std::vector<float>(16)});
}
