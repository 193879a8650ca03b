// SPDX-License-Identifier: MIT
// A network's weights as C++ text, for devices without a file system: a header with one constant array that
// Deployed::load takes.
//   export_header(net, "weights.hpp");     then on the device:  #include "weights.hpp"   ...   deployed.load(weights);
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "../program/describe.hpp"

namespace ctnet {

namespace detail {

inline bool is_identifier(std::string_view s) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (s.empty() || !letter(s[0])) return false;
  for (const char c : s)
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  return true;
}

// Appends values as hexadecimal literals, which lose nothing, ten a line; false where one is no finite number.
template <class T>
bool append_literals(std::string& text, const T* values, std::size_t n) {
  char number[40];
  for (std::size_t i = 0; i < n; ++i) {
    if (!is_finite(values[i])) return false;
    const T v = values[i];
    const auto end = std::to_chars(number, number + sizeof number, std::abs(v), std::chars_format::hex).ptr;
    text += i % 10 == 0 ? "\n  " : " ";
    text += std::signbit(v) ? "-0x" : "0x";
    text.append(number, end);
    text += sizeof(T) == sizeof(float) ? "f," : ",";
  }
  return true;
}

}  // namespace detail

// Writes  inline constexpr float NAME[state_size] = {...};  parameters and statistics in the order of state(). The file
// is replaced atomically. Throws Error where a value is not finite, the name no identifier, or the file cannot be
// written.
template <class NetworkType>
[[gnu::cold]] void export_header(const NetworkType& net, const std::string& path, const std::string& name = "weights") {
  using T = typename NetworkType::scalar;
  if (!detail::is_identifier(name)) fail("export_header: '", name, "' is no name of a C++ variable");
  const auto state = net.state();
  std::string text =
      "// Weights of a network, written by ctnet: parameters and running statistics, layer by layer, for\n"
      "// Deployed::load. The network: ";
  text += detail::type_name<typename NetworkType::Net>();
  text += "\n#pragma once\n\ninline constexpr ";
  text += sizeof(T) == sizeof(float) ? "float " : "double ";
  text += name + "[" + std::to_string(state.size()) + "] = {";
  text.reserve(text.size() + state.size() * 18);
  if (!detail::append_literals(text, state.data(), state.size()))
    fail("export_header: a weight is infinite or no number");
  text += "\n};\n";
  io::replace_file(path, text);
}

}  // namespace ctnet
