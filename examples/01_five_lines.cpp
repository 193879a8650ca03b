// SPDX-License-Identifier: MIT
// A network is a type, and it learns in five lines. The data, drawn shapes of ten classes, need no file.
#include <ctnet/ctnet.hpp>

using namespace ctnet;
using Net = Sequential<Conv<3, 8, 5>, ReLU, MaxPool<2>, Conv<8, 16, 5>, ReLU, MaxPool<2>, Flatten, Linear<400, 10>>;

int main() {
  data::Loader train{data::Shapes<32>{data::Split::train}, data::Compose{data::ToTensor{}}, {.batch_size = 16}};
  data::Loader test{data::Shapes<32>{data::Split::test}, data::Compose{data::ToTensor{}}, {.batch_size = 100}};
  Network<Net, Image<3, 32, 32>> net{Seed{1}};
  fit(net, train, Adam{}, CrossEntropy{}, {.epochs = 2, .progress = true});
  std::printf("accuracy %.1f %%, chance is 10 %%\n", 100 * evaluate(net, test).accuracy);
}
