// SPDX-License-Identifier: MIT
// What a user's first program may look like; it also needs the libraries that ctnet::ctnet brings (zlib, libjpeg,
// libpng, threads).
#include <ctnet/ctnet.hpp>

#include <cstdio>

namespace ct = ctnet;
namespace data = ctnet::data;

using Net =
    ct::Sequential<ct::Conv<3, 4, 3, ct::Stride<2>>, ct::ReLU, ct::GlobalAvgPool, ct::Flatten, ct::Linear<4, 10>>;
static_assert(ct::Analysis<Net, ct::Image<3, 32, 32>>::parameters == 162);

template <class Set>
bool opens(const char* path) {
  try {
    const Set set{path};
    return set.size() > 0;
  } catch (const ct::Error& error) {
    std::printf("%s\n", error.what());
    return false;
  }
}

int main() {
  if (opens<data::ImageFolder>("no such folder") || opens<data::Mnist>("no such folder")) return 1;
  data::Loader train{data::Shapes<32>{data::Split::train, {.size = 64}},
                     data::Compose{data::ToTensor{}},
                     {.batch_size = 8, .shuffle = true, .workers = 2}};
  ct::Network<Net, ct::Image<3, 32, 32>> net{ct::Seed{1}};
  const auto history = ct::fit(net, train, ct::Adam{}, ct::CrossEntropy{}, {.epochs = 1});
  std::printf("loss %.3f\n", history.back().loss);
  return history.size() == 1 ? 0 : 1;
}
