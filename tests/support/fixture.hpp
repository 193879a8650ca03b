// SPDX-License-Identifier: MIT
// PyTorch's recorded numbers, from the folder CTNET_FIXTURES_DIR.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <ctnet/io/safetensors.hpp>

namespace test {

struct Recorded {
  ctnet::io::Dims shape;
  std::vector<double> values;
  std::size_t size() const { return values.size(); }
  double operator[](std::size_t i) const { return values[i]; }
};

// Throws ctnet::Error where there is no tensor of that name.
inline Recorded recorded(const ctnet::io::Safetensors& file, const std::string& name) {
  const ctnet::io::TensorInfo& t = file.at(name);
  Recorded r{t.shape, std::vector<double>(t.size)};
  file.read(t, std::span<double>(r.values));
  return r;
}

}  // namespace test
