// must say: another number of channels
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
constexpr int c = 1;
#else
constexpr int c = 3;
#endif
int main() {
  const data::Shapes<32> set;
  data::Loader loader{set, data::Compose{data::Grayscale<>{}, data::ToTensor{}, data::Normalize<c>{}}};
}
