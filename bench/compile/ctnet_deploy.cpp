// SPDX-License-Identifier: MIT
// Inference only, for its compile time: a convolution with BatchNorm, ReLU and pool, a Linear, weights in an array.
// dlib_deploy.cpp is the same with dlib.
#include <ctnet/infer.hpp>

#include <array>
#include <cstdio>

namespace ct = ctnet;

using Net = ct::Sequential<ct::Conv<3, 16, 3, ct::Pad<1>, ct::NoBias>, ct::BatchNorm<16>, ct::ReLU, ct::MaxPool<2>,
                           ct::Flatten, ct::Linear<16 * 16 * 16, 10>>;
using Input = ct::Image<3, 32, 32>;

int main() {
  static ct::Deployed<Net, Input, ct::Cpu<float>> net;
  static std::array<float, ct::Analysis<Net, Input>::state_size> weights{};
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 0.001f + 0.01f * static_cast<float>(i % 17);
  if (!net.load(weights)) return 2;

  static std::array<float, 3 * 32 * 32> image{};
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 255) / 255;
  float sum = 0;
  for (int i = 0; i < 1000; ++i) {
    image[0] = static_cast<float>(i) / 1000;
    sum += net(image)[3];
  }
  std::printf("%g\n", static_cast<double>(sum));
}
