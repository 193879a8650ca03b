// SPDX-License-Identifier: MIT
// evaluate of a deployed network: what is shipped, judged as a Network is.
#pragma once

#include <algorithm>
#include <vector>

#include "../train/evaluate.hpp"
#include "deployed.hpp"

namespace ctnet {

namespace detail {

// What evaluate() asks of a network. A batch goes through in pieces of the capacity.
template <class Net, class In, class B, int Capacity>
class DeployedAsNetwork {
 public:
  using Input = In;
  using backend = B;
  using scalar = typename B::scalar;
  using Facts = Analysis<Net, In>;

  explicit DeployedAsNetwork(Deployed<Net, In, B, Capacity>& deployed) : deployed_(deployed) {}

  template <TensorLike X>
  View<const scalar> predict(const X& images) {
    constexpr auto inputs = static_cast<std::size_t>(In::shape.size()), capacity = std::size_t{Capacity};
    const std::size_t n = batch_of(images, In::shape, "evaluate: the images");
    const auto given = dense(images, "evaluate: the images");
    scores_.clear();
    for (std::size_t i = 0; i < n; i += capacity) {
      const std::size_t count = std::min(capacity, n - i);
      const auto* from = given.data() + i * inputs;
      piece_.assign(from, from + count * inputs);
      const auto scores = deployed_(Run<const scalar>{piece_}, static_cast<int>(count));
      scores_.insert(scores_.end(), scores.begin(), scores.end());
    }
    return {scores_.data(), n, Facts::output};
  }

 private:
  Deployed<Net, In, B, Capacity>& deployed_;
  std::vector<scalar> piece_, scores_;
};

}  // namespace detail

// As evaluate(network, loader, loss). Throws Error where no weights were loaded, too. `seconds` are those of a loop
// over batches of at most the capacity; for times of one call see bench/.
template <class Net, class Input, class B, int Capacity, class LoaderType, class Loss = CrossEntropy>
Evaluation evaluate(Deployed<Net, Input, B, Capacity>& deployed, LoaderType&& loader, const Loss& loss = {}) {
  if constexpr (requires { deployed.loaded(); })
    if (!deployed.loaded()) fail("evaluate: the deployed network was never loaded with weights");
  detail::DeployedAsNetwork<Net, Input, B, Capacity> network{deployed};
  return evaluate(network, loader, loss);
}

}  // namespace ctnet
