// SPDX-License-Identifier: MIT
// Reads what tests/fixtures/torchvision_fixtures.py and picture_fixtures.py recorded: named arrays,
// `operation picture arguments...`.
#pragma once

#include <cstdint>
#include <cstring>
#include <ctnet/data/pixels.hpp>
#include <ctnet/io/file.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace recorded {

struct Entry {
  std::string name, operation, picture;
  std::vector<double> arguments;
  std::vector<int> dims;
  std::vector<unsigned char> bytes;
  std::vector<float> floats;
};

inline std::string fixtures() {
#ifdef CTNET_FIXTURES_DIR
  return CTNET_FIXTURES_DIR;
#else
  const std::string here = __FILE__;
  return here.substr(0, here.rfind('/')) + "/../fixtures/data";
#endif
}

inline std::vector<Entry> read(const std::string& name) {
  const auto file = ctnet::io::read_file(fixtures() + "/" + name);
  std::vector<Entry> list;
  std::size_t at = 0;
  const auto take = [&](void* to, std::size_t n) {
    if (n > file.size() - at) throw std::runtime_error(name + " ends too early");
    std::memcpy(to, file.data() + at, n);
    at += n;
  };
  const auto number = [&] {
    std::uint32_t v = 0;
    take(&v, 4);
    return v;
  };
  while (at < file.size()) {
    Entry e;
    e.name.resize(number());
    take(e.name.data(), e.name.size());
    const bool bytes = number() == 0;
    e.dims.resize(number());
    std::size_t size = 1;
    for (int& d : e.dims) size *= static_cast<std::size_t>(d = static_cast<int>(number()));
    bytes ? e.bytes.resize(size) : e.floats.resize(size);
    bytes ? take(e.bytes.data(), size) : take(e.floats.data(), 4 * size);
    std::istringstream words(e.name);
    words >> e.operation >> e.picture;
    for (double v = 0; words >> v;) e.arguments.push_back(v);
    list.push_back(std::move(e));
  }
  return list;
}

inline const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = read("torchvision.bin");
  return all;
}

inline const Entry& find(const std::string& name) {
  for (const Entry& e : entries())
    if (e.name == name) return e;
  throw std::runtime_error("torchvision.bin has no " + name);
}

inline ctnet::data::Bitmap picture(const std::string& name) {
  const Entry& e = find("picture " + name);
  return {e.dims[2], e.dims[0], e.dims[1], e.bytes};
}

}  // namespace recorded
