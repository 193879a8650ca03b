// SPDX-License-Identifier: MIT
// Any bytes as an npz archive, every array of it read: zip directory, inflate, npy header.
#include <ctnet/io/npy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ctnet;
  try {
    const auto archive = io::Npz::parse(io::Bytes(data, data + size), "fuzz");
    for (const std::string& name : archive.names()) {
      try {
        (void)archive.read<float, 2>(name);
      } catch (const Error& e) {
        if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
      }
    }
  } catch (const Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
  return 0;
}
