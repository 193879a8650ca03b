// SPDX-License-Identifier: MIT
#include "deployed.hpp"
#include "factories.hpp"
#include "training.hpp"

namespace bench {

template <class Backend>
static std::unique_ptr<Job> make(const Wish& w) {
  if (w.kind == "train") return std::make_unique<Training<LeNet, Backend>>(w.net, w.batch);
  if (w.batch == 1) return std::make_unique<Inference<LeNet, CifarInput, Backend, 1>>(w.net);
  if (w.batch == 128) return std::make_unique<Inference<LeNet, CifarInput, Backend, 128>>(w.net);
  return nullptr;
}

std::unique_ptr<Job> make_lenet(const Wish& w) {
  if (w.variant != "strict") return nullptr;
  return w.threads ? make<ct::Cpu<float, ct::OpenMP>>(w) : make<ct::Cpu<float>>(w);
}

}  // namespace bench
