// SPDX-License-Identifier: MIT
#include "factories.hpp"
#include "training.hpp"

namespace bench {

std::unique_ptr<Job> make_vgg_training(const Wish& w) {
  if (w.variant == "strict" && !w.threads) return std::make_unique<Training<Vgg, ct::Cpu<float>>>(w.net, w.batch);
  if (w.variant == "strict") return std::make_unique<Training<Vgg, ct::Cpu<float, ct::OpenMP>>>(w.net, w.batch);
  if (!w.threads) return std::make_unique<Training<Vgg, ct::Cpu<float, ct::SplitBf16>>>(w.net, w.batch);
  return std::make_unique<Training<Vgg, ct::Cpu<float, ct::SplitBf16, ct::OpenMP>>>(w.net, w.batch);
}

}  // namespace bench
