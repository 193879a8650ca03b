// must say: is no loader data Loader makes one of a data set
#include <ctnet/ctnet.hpp>
using namespace ctnet;
#ifdef FIXED
static auto train = data::Loader{data::Shapes<32>{data::Split::train, {.size = 64}}, data::Compose{data::ToTensor{}}, {.batch_size = 8}};
#else
static data::Shapes<32> train{data::Split::train, {.size = 64}};
#endif
using Net = Sequential<Conv<3, 8, 3>, ReLU, GlobalAvgPool, Flatten, Linear<8, 10>>;
int main() {
  Network<Net, Image<3, 32, 32>> net;
  fit(net, train, Adam{}, CrossEntropy{});
}
