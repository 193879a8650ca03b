// SPDX-License-Identifier: MIT
// A trained network made ready to run inside another program: BatchNorm folded, activations fused, weights packed, no
// heap and no exceptions from then on. A program that only loads weights includes <ctnet/infer.hpp> and nothing else.
#include <ctnet/ctnet.hpp>

#include <chrono>
#include <cstdio>
#include <vector>

using namespace ctnet;
using Net = Sequential<Conv<3, 16, 3, Pad<1>, NoBias>, BatchNorm<16>, ReLU, MaxPool<2>, Conv<16, 32, 3, Pad<1>, NoBias>,
                       BatchNorm<32>, ReLU, MaxPool<2>, Flatten, Linear<32 * 8 * 8, 10>>;
using Input = Image<3, 32, 32>;

int main() {
  data::Loader loader{data::Shapes<32>{data::Split::train}, data::Compose{data::ToTensor{}}, {.batch_size = 32}};
  Network<Net, Input> network{Seed{2}};
  fit(network, loader, Adam{}, CrossEntropy{}, {.epochs = 1, .progress = true});

  // Sizes are constants: a static object of this type lies in .bss.
  using Ready = Deployed<Net, Input, Cpu<float>>;
  std::printf("packed weights %zu bytes, working memory %zu bytes\n", Ready::weight_bytes, Ready::arena_bytes);

  const auto ready = deploy(network);
  std::vector<float> image(3 * 32 * 32, 0.5f);
  const std::span<const float, 3 * 32 * 32> pixels{image.data(), 3 * 32 * 32};
  const auto logits = (*ready)(pixels);
  const auto same = network.predict(image);
  std::printf("first logit: deployed %.6f, network %.6f\n", static_cast<double>(logits[0]),
              static_cast<double>(same.data()[0]));

  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) image[0] = (*ready)(pixels)[0];
  const auto took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.1f us an image\n", took / 1000);
}
