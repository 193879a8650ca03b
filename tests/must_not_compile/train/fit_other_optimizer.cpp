// must say: the optimizer was made for a network of another type
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int classes = 10;
#else
constexpr int classes = 4;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::train};
  data::Loader loader{set, data::Compose{data::ToTensor{}}, {.batch_size = 4}};
  Network<Sequential<Flatten, Linear<3072, 10>>, Image<3, 32, 32>> net{Seed{1}};
  Network<Sequential<Flatten, Linear<3072, classes>>, Image<3, 32, 32>> other{Seed{1}};
  Optimizer step{other, SGD{.learning_rate = 0.1f}};
  fit(net, loader, step, CrossEntropy{}, {.epochs = 1});
}
