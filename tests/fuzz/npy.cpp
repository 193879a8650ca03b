// SPDX-License-Identifier: MIT
// Any bytes as an npy file, into tensors of several ranks and types: an Error or a tensor that holds all of the data.
#include <ctnet/io/npy.hpp>

namespace {

template <class T, std::size_t N>
void load(ctnet::io::ByteSpan bytes) {
  try {
    const auto tensor = ctnet::io::parse_npy<T, N>(bytes, "fuzz");
    if (tensor.size() > bytes.size()) std::abort();
  } catch (const ctnet::Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  load<float, 1>({data, size});
  load<double, 2>({data, size});
  load<std::int16_t, 2>({data, size});
  load<bool, 3>({data, size});
  return 0;
}
