// must say: another number of channels
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 3;
#else
constexpr int c = 1;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, data::Compose{data::ToTensor{}, data::Normalize<c>{}}, {.batch_size = 4}};
}
