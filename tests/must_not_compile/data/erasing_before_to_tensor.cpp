// must say: put it after ToTensor
#include <ctnet/ctnet.hpp>
using namespace ctnet;
int main() {
  const data::Shapes<32> set;
#ifdef FIXED
  data::Loader loader{set, data::Compose{data::ToTensor{}, data::RandomErasing{}}};
#else
  data::Loader loader{set, data::Compose{data::RandomErasing{}, data::ToTensor{}}};
#endif
}
