// must say: put ToTensor{} into the Compose of this data set of bytes
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Last = data::ToTensor;
#else
using Last = data::RandomHorizontalFlip;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, data::Compose{data::RandomHorizontalFlip{}, Last{}}, {.batch_size = 4}};
}
