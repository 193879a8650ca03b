// SPDX-License-Identifier: MIT
// A network's state out of a safetensors file, under PyTorch's names: dotted path and role, "3.main.0.weight". Needs no
// network, only its type.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/state.hpp"
#include "../io/safetensors.hpp"
#include "../program/describe.hpp"

namespace ctnet::detail {

// What a file may hold beside the tensors of the network: batch counters of PyTorch's BatchNorm, and a checkpoint's
// rest.
inline bool beside_the_network(std::string_view name) {
  return name.ends_with("num_batches_tracked") || name.starts_with("optimizer.") || name.starts_with("training.");
}

template <class Net>
std::vector<std::string> tensor_names(std::span<const TensorPlace> tensors) {
  const auto layers = layer_names<Net>();
  std::vector<std::string> names;
  for (const TensorPlace& t : tensors) {
    const std::string& path = layers[static_cast<std::size_t>(t.leaf)].path;  // none where the network is one layer
    names.push_back((path.empty() ? "" : path + ".") + name(t.spec.role));
  }
  return names;
}

inline io::Dims dims_of(const TensorSpec& s) { return io::Dims(s.dims, s.dims + s.rank); }

// The values of `tensors`, called `names`, one tensor after the other, from F64, F32, F16 or BF16. Throws Error where
// one is missing or of another shape, and where the file holds tensors that are none of them.
template <class T>
[[gnu::cold]] std::vector<T> read_state(const io::Safetensors& file, std::span<const TensorPlace> tensors,
                                        const std::vector<std::string>& names) {
  std::size_t size = 0;
  for (const TensorPlace& t : tensors) size += static_cast<std::size_t>(t.spec.size());
  std::vector<T> state(size);
  std::size_t at = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto n = static_cast<std::size_t>(tensors[i].spec.size());
    file.read<T>(names[i], dims_of(tensors[i].spec), std::span<T>{state}.subspan(at, n));
    at += n;
  }
  for (const io::TensorInfo& t : file.tensors())
    if (!beside_the_network(t.name) && std::find(names.begin(), names.end(), t.name) == names.end())
      fail(file.name(), ": tensor '", t.name, "' of shape ", io::words(t.shape), " is none of the network's ",
           names.size(), " tensors");
  return state;
}

}  // namespace ctnet::detail
