// must say: BinaryCrossEntropyWithLogits takes targets of the networks type gets class labels
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
using Loss = CrossEntropy;
#else
using Loss = BinaryCrossEntropyWithLogits;
#endif
using Net = Sequential<Conv<3, 8, 3>, ReLU, GlobalAvgPool, Flatten, Linear<8, 10>>;
int main() {
  Network<Net, Image<3, 32, 32>> net;
  data::Loader train{data::Shapes<32>{data::Split::train, {.size = 64}}, data::Compose{data::ToTensor{}}, {.batch_size = 8}};
  fit(net, train, Adam{}, Loss{});
}
