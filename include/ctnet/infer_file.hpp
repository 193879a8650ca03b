// SPDX-License-Identifier: MIT
// Model files for programs that only run networks: beside infer.hpp, without Network. Reads a safetensors file, ours or
// PyTorch's, into a Deployed or a Weights. May allocate and throws Error; needs no library.
//   static Deployed<Net, Image<3, 224, 224>> net;
//   load(net, "model.safetensors");
//   const ModelInfo info = model_info("model.safetensors");   // names of classes, mean and std, where the file has
//   them
#pragma once

#include "core/begin_door.hpp"

#include <span>
#include <string>
#include <vector>

#include "infer.hpp"
#include "io/model_info.hpp"
#include "train/state_file.hpp"

namespace ctnet {

// What Deployed::load takes: the file's tensors in the order of the layers, rounded where the file is wider. Throws
// Error that names file, tensor and both sides where they are not the network's.
template <class Net, class Input, class T = float>
[[gnu::cold]] std::vector<T> read_state(const std::string& path) {
  constexpr const auto& g = graph<Net, Input>;
  const std::span<const TensorPlace> tensors{g.tensor, static_cast<std::size_t>(g.tensors)};
  return detail::read_state<T>(io::Safetensors::open(path), tensors, detail::tensor_names<Net>(tensors));
}

// The same, and into it: as load(net, path) of a Network. It is as it was where that throws.
template <class Net, class Input, class B, int Capacity>
[[gnu::cold]] void load(Deployed<Net, Input, B, Capacity>& net, const std::string& path) {
  const auto state = read_state<Net, Input, typename B::scalar>(path);
  if (!net.load(std::span{state})) fail(path, ": ", state.size(), " values are not this network's");
}
template <class Net, class Input, class B>
[[gnu::cold]] void load(Weights<Net, Input, B>& weights, const std::string& path) {
  const auto state = read_state<Net, Input, typename B::scalar>(path);
  if (!weights.load(std::span{state})) fail(path, ": ", state.size(), " values are not this network's");
}

}  // namespace ctnet

#include "core/end_door.hpp"  // last
