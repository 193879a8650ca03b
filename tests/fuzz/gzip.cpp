// SPDX-License-Identifier: MIT
// Any bytes as a gzip file, and what it holds as an IDX file (MNIST): an Error or all of it.
#include <ctnet/data/mnist.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 1 << 20;
  try {
    const auto bytes = ctnet::io::gunzip({data, size}, "fuzz", limit);
    if (bytes.size() > limit) std::abort();
    (void)ctnet::data::parse_idx(bytes, "fuzz");
  } catch (const ctnet::Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
  return 0;
}
