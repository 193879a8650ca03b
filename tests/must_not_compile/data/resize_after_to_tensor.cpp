// must say: this transform works on bytes: put it before ToTensor
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using After = data::RandomHorizontalFlip;
#else
using After = data::Resize<32>;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, data::Compose{data::ToTensor{}, After{}}, {.batch_size = 4}};
}
