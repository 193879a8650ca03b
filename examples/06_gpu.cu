// SPDX-License-Identifier: MIT
// The same program text on the GPU: the data set lies in its memory, is shuffled and augmented there, a training step
// is one graph launch; then the network is deployed, and its answer compared with the CPU's.
//   06_gpu [IMAGES [EPOCHS]]
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>
#include <ctnet/cuda_data.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace ct = ctnet;
namespace data = ctnet::data;

using Net =
    ct::Sequential<ct::Conv<3, 6, 5>, ct::ReLU, ct::MaxPool<2>, ct::Conv<6, 16, 5>, ct::ReLU, ct::MaxPool<2>,
                   ct::Flatten, ct::Linear<400, 120>, ct::ReLU, ct::Linear<120, 84>, ct::ReLU, ct::Linear<84, 10>>;
using Input = ct::Image<3, 32, 32>;
using Gpu = ct::Cuda<>;

int main(int argc, char** argv) try {
  const auto images = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 20000);
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 8;
  const data::Normalize to_unit{{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
  ct::cuda::ResidentLoader train{data::Shapes<32>{data::Split::train, {.size = images}},
                                 data::Compose{data::RandomHorizontalFlip{}, data::ToTensor{}, to_unit},
                                 {.batch_size = 64, .shuffle = true, .seed = 1}};
  data::Loader test{data::Shapes<32>{data::Split::test, {.size = images / 5}},
                    data::Compose{data::ToTensor{}, to_unit},
                    {.batch_size = 100}};

  ct::print_kernels<Net, Input, Gpu>();
  ct::Network<Net, Input, Gpu> net{ct::Seed{42}};
  ct::fit(net, train, ct::SGD{.learning_rate = 0.01f, .momentum = 0.9}, ct::CrossEntropy{},
          {.epochs = epochs, .progress = true});
  std::printf("accuracy %.1f %%, chance is 10 %%\n", 100 * ct::evaluate(net, test).accuracy);

  const auto deployed = ct::deploy(net);
  ct::Network<Net, Input> host;
  host.load_state(net.state());
  for (const auto& batch : test) {
    const std::span<const float, 3072> image{batch.images.data(), 3072};
    const auto a = (*deployed)(image);
    const auto b = host.predict(image);
    float worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::fmax(worst, std::fabs(a[i] - b[i]));
    std::printf("deployed, beside the CPU: largest difference %g\n", static_cast<double>(worst));
    return worst < 1e-3f ? 0 : 1;
  }
} catch (const ct::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
