// must say: this transform works on floats: put it after ToTensor
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Before = data::RandomHorizontalFlip;
#else
using Before = data::Normalize<3>;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, data::Compose{Before{}, data::ToTensor{}}, {.batch_size = 4}};
}
