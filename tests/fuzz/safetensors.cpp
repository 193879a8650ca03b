// SPDX-License-Identifier: MIT
// Any bytes as a safetensors file: an Error or a consistent file, all of which can be read.
#include <ctnet/io/safetensors.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ctnet;
  try {
    const auto file = io::Safetensors::parse({data, size}, "fuzz");
    for (const io::TensorInfo& t : file.tensors()) {
      if (file.find(t.name) != &t || file.bytes(t).size() != t.size * io::size_of(t.dtype)) std::abort();
      try {
        std::vector<float> out(t.size);
        file.read(t, std::span(out));
      } catch (const Error&) {  // an integer type
      }
    }
  } catch (const Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
  return 0;
}
