// must say: loader gives 3 x 24 x 24 network takes 3 x 32 x 32
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int side = 32;
#else
constexpr int side = 24;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::train};
  data::Loader loader{set, data::Compose{data::CenterCrop<side>{}, data::ToTensor{}}, {.batch_size = 4}};
  Network<Sequential<Flatten, Linear<3072, 10>>, Image<3, 32, 32>> net{Seed{1}};
  fit(net, loader, SGD{.learning_rate = 0.1f}, CrossEntropy{}, {.epochs = 1});
}
