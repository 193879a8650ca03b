// SPDX-License-Identifier: MIT
// Any bytes as a JPEG: an Error or a picture. What does not begin like one is made to.
#include "picture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<unsigned char> file(data, data + size);
  decode_any(file);
  if (size < 3 || ctnet::data::kind_of(file) != ctnet::data::FileKind::other) return 0;
  file[0] = 0xFF, file[1] = 0xD8, file[2] = 0xFF;
  decode_any(file);
  return 0;
}
