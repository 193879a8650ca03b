// must say: it is there twice
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using After = data::Normalize<3>;
#else
using After = data::ToTensor;
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, data::Compose{data::ToTensor{}, After{}}, {.batch_size = 4}};
}
