// SPDX-License-Identifier: MIT
// Deployed networks on the heap, allocated once: of a trained network, or to be loaded.
#pragma once

#include <memory>

#include "../train/network.hpp"
#include "deployed.hpp"

namespace ctnet {

// Zeroed. Throws std::bad_alloc.
template <class Net, class Input, class B = Cpu<float>, int Capacity = 1>
std::unique_ptr<Deployed<Net, Input, B, Capacity>> make_deployed() {
  return std::make_unique<Deployed<Net, Input, B, Capacity>>();
}

// A network's evaluation mode as it is now; later training does not change it.
template <int Capacity = 1, class Net, class Input, class B>
std::unique_ptr<Deployed<Net, Input, B, Capacity>> deploy(const Network<Net, Input, B>& network) {
  auto made = make_deployed<Net, Input, B, Capacity>();
  const auto state = network.state();
  if (!made->load(state)) fail("deploy: the state has ", state.size(), " values");
  return made;
}

}  // namespace ctnet
