// SPDX-License-Identifier: MIT
// The networks that are measured on a GPU, as types and as lists of steps; networks.py has the same. Images are random,
// 3 x 32 x 32, in four batches that are used in turn.
#pragma once

#include "../ours/nets.hpp"
#include "../support/nets.hpp"

namespace bench {

// Eight convolutions with BatchNorm for 3 x 32 x 32, 64 to 512 channels.
struct Vgg8 : ct::Sequential<ConvNormReLU<3, 64>, ConvNormReLU<64, 64>, ct::MaxPool<2>,       //
                             ConvNormReLU<64, 128>, ConvNormReLU<128, 128>, ct::MaxPool<2>,   //
                             ConvNormReLU<128, 256>, ConvNormReLU<256, 256>, ct::MaxPool<2>,  //
                             ConvNormReLU<256, 512>, ConvNormReLU<512, 512>, ct::MaxPool<2>,  //
                             ct::GlobalAvgPool, ct::Flatten, ct::Linear<512, 10>> {};

namespace measured {
struct lenet {
  using Net = LeNet;
  static constexpr const char* name = "lenet";
  static NetSpec spec() { return net_spec(name); }
};
struct vgg {
  using Net = Vgg8;
  static constexpr const char* name = "vgg";
  static NetSpec spec() {
    NetSpec net{3, 32, 32, {}};
    int last = 3;
    for (int channels : {64, 128, 256, 512}) {
      net.steps.push_back({NetStep::conv, last, channels, 3, 1, 1, true, true});
      net.steps.push_back({NetStep::conv, channels, channels, 3, 1, 1, true, true});
      net.steps.push_back({NetStep::pool, 0, 0, 2, 2});
      last = channels;
    }
    net.steps.push_back({NetStep::linear, last, 10});
    return net;
  }
};
}  // namespace measured

inline constexpr std::size_t image_size = 3 * 32 * 32;

struct HostBatch {
  std::vector<float> images;
  std::vector<int> labels;
};
inline std::vector<HostBatch> host_batches(const NetSpec& net, std::size_t batch) {
  constexpr std::size_t count = 4;
  const std::vector<float> all = net_images(net, count * batch);
  std::vector<HostBatch> found(count);
  for (std::size_t b = 0; b < count; ++b) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(b * batch * image_size);
    found[b].images.assign(first, first + static_cast<std::ptrdiff_t>(batch * image_size));
    for (std::size_t i = 0; i < batch; ++i) found[b].labels.push_back(label(b * batch + i));
  }
  return found;
}

}  // namespace bench
