// must say: a Loader takes a Compose
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
#  define ROW data::Compose
#else
#  define ROW data::ToTensor
#endif
int main() {
  const data::Cifar10 set{".", data::Split::test};
  data::Loader loader{set, ROW{data::ToTensor{}}, {.batch_size = 4}};
}
