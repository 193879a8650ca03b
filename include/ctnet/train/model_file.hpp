// SPDX-License-Identifier: MIT
// A network's weights to and from a safetensors file, under PyTorch's names: dotted path and role, "3.main.0.weight".
#pragma once

#include <string>
#include <utility>

#include "../io/model_info.hpp"
#include "../io/safetensors_writer.hpp"
#include "state_file.hpp"

namespace ctnet {

namespace detail {

template <class NetworkType>
[[gnu::cold]] void add_tensors(io::SafetensorsWriter& file, const NetworkType& net) {
  const auto names = tensor_names<typename NetworkType::Net>(net.tensors());
  for (std::size_t i = 0; i < names.size(); ++i)
    file.add(names[i], dims_of(net.tensors()[i].spec), net.values(net.tensors()[i]));
}

// Reads and checks everything, then writes: a file that is wrong leaves the network as it was.
template <class NetworkType>
[[gnu::cold]] void read_tensors(const io::Safetensors& file, NetworkType& net) {
  net.load_state(read_state<typename NetworkType::scalar>(file, net.tensors(),
                                                          tensor_names<typename NetworkType::Net>(net.tensors())));
}

}  // namespace detail

// Writes all parameters and statistics, and what is known of the classes and the input:
//   save(net, "cats.safetensors", {.classes = {"cat", "dog"}, .mean = {0.5f, 0.5f, 0.5f}, .std = {0.2f, 0.2f, 0.2f}});
// model_info(path) gives that back. The file has a checksum and is replaced atomically. Throws Error where it cannot be
// written, or the classes or channels are not as many as the network's.
template <class NetworkType>
[[gnu::cold]] void save(const NetworkType& net, const std::string& path, ModelInfo info = {}) {
  constexpr Shape in = NetworkType::Facts::input, out = NetworkType::Facts::output;
  info.input.assign(in.d, in.d + in.rank);
  detail::check_info(info, path);
  if (!info.classes.empty() && static_cast<i64>(info.classes.size()) != out.c())
    fail(path, ": ", info.classes.size(), " names of classes, the network gives ", out.c(), " classes");
  io::SafetensorsWriter file;
  detail::add_info(file, info);
  file.metadata("format", "pt");
  file.metadata("network", detail::type_name<typename NetworkType::Net>());
  detail::add_tensors(file, net);
  file.add_checksum();
  file.write(path);
}

// Reads them again, from ours or from PyTorch's F32, F64, F16 or BF16. Throws Error that names file, tensor and both
// sides; the network is then as it was.
template <class NetworkType>
[[gnu::cold]] void load(NetworkType& net, const std::string& path) {
  detail::read_tensors(io::Safetensors::open(path), net);
}

}  // namespace ctnet
