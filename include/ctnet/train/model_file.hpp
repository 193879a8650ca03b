// SPDX-License-Identifier: MIT
// A network's weights to and from a safetensors file, under PyTorch's names: dotted path and role, "3.main.0.weight".
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../io/safetensors_writer.hpp"
#include "../program/describe.hpp"

namespace ctnet {

namespace detail {

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

template <class NetworkType>
[[gnu::cold]] void add_tensors(io::SafetensorsWriter& file, NetworkType& net) {
  const auto names = tensor_names<typename NetworkType::Net>(net.tensors());
  for (std::size_t i = 0; i < names.size(); ++i)
    file.add(names[i], dims_of(net.tensors()[i].spec), net.values(net.tensors()[i]));
}

// Reads and checks everything, then writes: a file that is wrong leaves the network as it was.
template <class NetworkType>
[[gnu::cold]] void read_tensors(const io::Safetensors& file, NetworkType& net) {
  using T = typename NetworkType::scalar;
  const auto tensors = net.tensors();
  const auto names = tensor_names<typename NetworkType::Net>(tensors);
  std::vector<T> state(static_cast<std::size_t>(NetworkType::Facts::state_size));
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
  net.load_state(state);
}

}  // namespace detail

// Writes all parameters and statistics; the file is replaced atomically. Throws Error where it cannot be written.
template <class NetworkType>
[[gnu::cold]] void save(NetworkType& net, const std::string& path) {
  io::SafetensorsWriter file;
  file.metadata("format", "pt");
  file.metadata("network", detail::type_name<typename NetworkType::Net>());
  detail::add_tensors(file, net);
  file.write(path);
}

// Reads them again, from ours or from PyTorch's F32, F64, F16 or BF16. Throws Error that names file, tensor and both
// sides; the network is then as it was.
template <class NetworkType>
[[gnu::cold]] void load(NetworkType& net, const std::string& path) {
  detail::read_tensors(io::Safetensors::open(path), net);
}

}  // namespace ctnet
