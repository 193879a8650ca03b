// SPDX-License-Identifier: MIT
// Freezing layers: their parameters rest, and so do the statistics of normalizations, which then work as in evaluation
// mode (PyTorch's requires_grad_(False) together with eval() on that layer). Dropout goes on as before.
//   freeze(net, 3);   freeze(net, "3.main.0");   freeze(net, all_but_head);   unfreeze(net);
#pragma once

#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "../program/describe.hpp"
#include "network.hpp"

namespace ctnet {

// Every layer but the last one that has parameters.
struct AllButHead {};
inline constexpr AllButHead all_but_head{};

namespace detail {

template <class NetworkType>
void freeze_at(NetworkType& net, std::string_view path, bool rests) {
  const auto layers = layer_names<typename NetworkType::Net>();
  bool any = false;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string_view own = layers[i].path;
    if (!path.empty() && !(own.starts_with(path) && (own.size() == path.size() || own[path.size()] == '.'))) continue;
    net.freeze(static_cast<int>(i), rests);
    any = true;
  }
  if (!any)
    fail(rests ? "freeze" : "unfreeze", ": no layer at '", path, "'; there are '", layers.front().path, "' to '",
         layers.back().path, "'");
}

}  // namespace detail

// A layer by its index. Throws Error where there is none.
template <class NetworkType>
void freeze(NetworkType& net, int layer) {
  net.freeze(layer, true);
}
template <class NetworkType>
void unfreeze(NetworkType& net, int layer) {
  net.freeze(layer, false);
}
// A layer by its dotted path, or all layers below it; "": all. Throws Error where there is none.
template <class NetworkType>
[[gnu::cold]] void freeze(NetworkType& net, std::string_view path) {
  detail::freeze_at(net, path, true);
}
template <class NetworkType>
[[gnu::cold]] void unfreeze(NetworkType& net, std::string_view path) {
  detail::freeze_at(net, path, false);
}
template <class NetworkType>
void freeze(NetworkType& net, AllButHead) {
  int head = -1;
  for (const TensorPlace& t : NetworkType::tensors())
    if (t.spec.parameter()) head = t.leaf;
  for (int i = 0; i < net.engine().program().ops; ++i) net.freeze(i, i != head);
}
template <class NetworkType>
void unfreeze(NetworkType& net) {
  for (int i = 0; i < net.engine().program().ops; ++i) net.freeze(i, false);
}

}  // namespace ctnet
