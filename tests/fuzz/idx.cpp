// SPDX-License-Identifier: MIT
// Any bytes as an IDX file (MNIST): an Error or dimensions that account for every byte.
#include <ctnet/data/mnist.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto idx = ctnet::data::parse_idx({data, size}, "fuzz");
    std::size_t n = 1;
    for (int i = 0; i < idx.rank; ++i) n *= idx.dims[static_cast<std::size_t>(i)];
    if (n != idx.values.size() || idx.values.data() + n != data + size) std::abort();
  } catch (const ctnet::Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
  return 0;
}
