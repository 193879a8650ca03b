// SPDX-License-Identifier: MIT
#include "deployed.hpp"
#include "factories.hpp"

namespace bench {

template <class Backend>
static std::unique_ptr<Job> make(const Wish& w) {
  if (w.batch == 1) return std::make_unique<Inference<Vgg, CifarInput, Backend, 1>>(w.net);
  if (w.batch == 64) return std::make_unique<Inference<Vgg, CifarInput, Backend, 64>>(w.net);
  return nullptr;
}

std::unique_ptr<Job> make_vgg_inference(const Wish& w) {
  if (w.variant != "strict") return nullptr;
  return w.threads ? make<ct::Cpu<float, ct::OpenMP>>(w) : make<ct::Cpu<float>>(w);
}

}  // namespace bench
