// SPDX-License-Identifier: MIT
// A network is a type: its shapes are checked by the compiler, and it learns in five lines. Embedded data, half a
// minute.
#include <ctnet/ctnet.hpp>

#include <cstdio>

using namespace ctnet;

using Net = Sequential<Conv<3, 8, 5, Stride<2>>, ReLU, Conv<8, 16, 3>, ReLU, GlobalAvgPool, Flatten, Linear<16, 10>>;

int main() {
  data::Loader train{
      data::Shapes<32>{data::Split::train}, data::Compose{data::ToTensor{}}, {.batch_size = 16, .shuffle = true}};
  data::Loader test{data::Shapes<32>{data::Split::test}, data::Compose{data::ToTensor{}}, {.batch_size = 100}};
  Network<Net, Image<3, 32, 32>> net{Seed{1}};
  fit(net, train, Adam{.learning_rate = 2e-3f}, CrossEntropy{}, {.epochs = 2, .progress = true});
  std::printf("accuracy %.1f %%, chance is 10 %%\n", 100 * evaluate(net, test).accuracy);
}
