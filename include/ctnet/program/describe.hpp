// SPDX-License-Identifier: MIT
// A network's leaves at run time: each layer's type as the user wrote it and its dotted path, which names tensors in
// files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "containers.hpp"

namespace ctnet {

namespace detail {

// "Conv<3, 6, 5>", from the compiler's own spelling of the type.
template <class L>
constexpr std::string_view spelled() {
  std::string_view s = __PRETTY_FUNCTION__;  // "... [with L = ctnet::ReLU; ...]" (g++), "... [L = ctnet::ReLU]" (clang)
  s.remove_prefix(s.find("L = ") + 4);
  const auto end = s.find(';');
  return s.substr(0, end == s.npos ? s.size() - 1 : end);
}
inline std::string without_namespaces(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s.substr(i, 7) == "ctnet::")
      i += 6;
    else
      out += s[i];
  }
  return out;
}
template <class T>
std::string type_name() {
  return without_namespaces(spelled<T>());
}

}  // namespace detail

struct LayerName {
  std::string type;  // Conv<3, 6, 5>
  std::string path;  // features.0
};

namespace detail {
struct NameCollector {
  std::vector<LayerName> names;
  std::vector<std::string> path;
  void enter(int index) { path.push_back(std::to_string(index)); }
  void enter(const char* name) { path.emplace_back(name); }
  void leave() { path.pop_back(); }
  template <class L>
  void leaf() {
    add(spelled<L>());
  }
  // Written once, because what is done for every type of layer costs compilation for each.
  [[gnu::cold, gnu::noinline]] void add(std::string_view type) {
    std::string dotted;
    for (const auto& p : path) dotted += (dotted.empty() ? "" : ".") + p;
    names.push_back({without_namespaces(type), dotted});
  }
};
}  // namespace detail

// One name per layer, by layer index.
template <class Net>
std::vector<LayerName> layer_names() {
  detail::NameCollector v;
  detail::walk<Net>(v);
  return std::move(v.names);
}

}  // namespace ctnet
