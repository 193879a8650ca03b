// must say: loader gives 1 x 28 x 28 network takes 3 x 28 x 28
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 1;
#else
constexpr int c = 3;
#endif
int main() {
  const data::Mnist set{".", data::Split::test};
  data::Loader loader{set, data::Compose{data::ToTensor{}}, {.batch_size = 4}};
  Network<Sequential<Flatten, Linear<784 * c, 10>>, Image<c, 28, 28>> net{Seed{1}};
  evaluate(net, loader);
}
