// SPDX-License-Identifier: MIT
// What a program needs to know beside the weights to use a classifier: in a model file's metadata as JSON, "classes":
// ["cat", "dog"], "mean": [0.485, 0.456, 0.406], "std": [...], "input": [3, 224, 224].
#pragma once

#include <string>
#include <vector>

#include "../core/finite.hpp"
#include "safetensors_writer.hpp"

namespace ctnet {

struct ModelInfo {
  std::vector<std::string> classes{};  // by label
  std::vector<float> mean{}, std{};    // what the images were normalized with, one a channel: (x - mean) / std
  std::vector<std::size_t> input{};    // (C, H, W) or (F); save() writes the network's own

  bool operator==(const ModelInfo&) const = default;
};

namespace detail {

[[gnu::cold]] inline void check_info(const ModelInfo& info, const std::string& where) {
  if (info.mean.size() != info.std.size())
    fail(where, ": ", info.mean.size(), " means and ", info.std.size(), " standard deviations, expected as many");
  if (!info.mean.empty() && !info.input.empty() && info.mean.size() != info.input[0])
    fail(where, ": ", info.mean.size(), " means, expected one for each of ", info.input[0], " channels");
  for (std::size_t c = 0; c < info.mean.size(); ++c) {
    if (!is_finite(info.mean[c])) fail(where, ": the mean of channel ", c, " is ", info.mean[c]);
    if (!(info.std[c] > 0 && is_finite(info.std[c])))
      fail(where, ": the standard deviation of channel ", c, " is ", info.std[c], ", expected above 0");
  }
}

// "[a, b]" of what text(i) gives.
template <class F>
std::string json_list(std::size_t n, const F& text) {
  std::string s = "[";
  for (std::size_t i = 0; i < n; ++i) s += (i ? ", " : "") + text(i);
  return s + "]";
}

[[gnu::cold]] inline void add_info(io::SafetensorsWriter& file, const ModelInfo& info) {
  const auto numbers = [&](const char* key, const auto& v) {
    if (!v.empty()) file.metadata(key, json_list(v.size(), [&](std::size_t i) { return Piece(v[i]).text; }));
  };
  numbers("mean", info.mean);
  numbers("std", info.std);
  numbers("input", info.input);
  if (!info.classes.empty())
    file.metadata("classes", json_list(info.classes.size(), [&](std::size_t i) {
                    std::string s;
                    io::detail::append_json_string(s, info.classes[i]);
                    return s;
                  }));
}

// Throws Error where what the file says of these is not what they are to be.
[[gnu::cold]] inline ModelInfo info_of(const io::Safetensors& file) {
  ModelInfo info;
  const auto read = [&](const char* key, const auto& element) {
    const auto at = file.metadata().find(key);
    if (at == file.metadata().end()) return;
    const std::string where = file.name() + ": metadata '" + key + "'";
    io::detail::JsonCursor json(at->second, where);
    json.array([&] { element(json); });
    json.end();
  };
  using Json = io::detail::JsonCursor;
  read("classes", [&](Json& json) { info.classes.push_back(json.string()); });
  read("mean", [&](Json& json) { info.mean.push_back(static_cast<float>(json.real())); });
  read("std", [&](Json& json) { info.std.push_back(static_cast<float>(json.real())); });
  read("input", [&](Json& json) { info.input.push_back(static_cast<std::size_t>(json.natural())); });
  check_info(info, file.name());
  return info;
}

}  // namespace detail

// What the model file says of its classes and its input; empty where it says nothing. Throws Error where it is no
// safetensors file, or damaged.
[[gnu::cold]] inline ModelInfo model_info(const std::string& path) {
  return detail::info_of(io::Safetensors::open(path));
}

}  // namespace ctnet
