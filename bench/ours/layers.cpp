// SPDX-License-Identifier: MIT
// Lone convolutions with bias and ReLU, shaped as in ResNets: planar images in and out, as users have them.
#include "deployed.hpp"
#include "factories.hpp"

namespace bench {

template <class Backend, int K, int In, int Out, int Size, int Step>
static std::unique_ptr<Job> make(const std::string& name) {
  return std::make_unique<Inference<Layer<K, In, Out, Step>, ct::Image<In, Size, Size>, Backend, 1>>(name);
}

template <class Backend>
static std::unique_ptr<Job> make(const std::string& name) {
  if (name == "conv_3_64_64_56_1") return make<Backend, 3, 64, 64, 56, 1>(name);
  if (name == "conv_3_128_128_28_1") return make<Backend, 3, 128, 128, 28, 1>(name);
  if (name == "conv_3_256_256_14_1") return make<Backend, 3, 256, 256, 14, 1>(name);
  if (name == "conv_3_512_512_7_1") return make<Backend, 3, 512, 512, 7, 1>(name);
  if (name == "conv_1_256_64_56_1") return make<Backend, 1, 256, 64, 56, 1>(name);
  if (name == "conv_1_64_256_56_1") return make<Backend, 1, 64, 256, 56, 1>(name);
  if (name == "conv_7_3_64_224_2") return make<Backend, 7, 3, 64, 224, 2>(name);
  return nullptr;
}

std::unique_ptr<Job> make_layer(const Wish& w) {
  if (w.threads || w.batch != 1) return nullptr;
  return w.variant == "strict" ? make<ct::Cpu<float>>(w.net) : make<ct::Cpu<float, ct::SplitBf16>>(w.net);
}

}  // namespace bench
