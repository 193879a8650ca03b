// must say: CutMix takes images
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Mix = data::MixUp;
#else
using Mix = data::CutMix;
#endif
void f(const data::TensorDataset<Features<4>>& set) {
  data::Loader loader{set, data::Compose{}, {.batch_size = 4}};
  data::MixLoader mixed{loader, 2, Mix{}};
}
