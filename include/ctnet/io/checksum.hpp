// SPDX-License-Identifier: MIT
// The checksum of a safetensors file, in its metadata as "ctnet.crc64": 16 hexadecimal digits of the sum, modulo 2^64,
// of the CRC-64/XZ of each tensor (name, type, shape as "[2, 3]", each with a zero byte behind it, then its bytes) and
// of each other piece of metadata ("", key and value, each with a zero byte behind it). A sum, so that a program that
// only writes the same things in another order keeps it right.
#pragma once

#include <string>
#include <string_view>

#include "crc64.hpp"
#include "dtype.hpp"

namespace ctnet::io {

// 16 digits.
inline std::string hexadecimal(std::uint64_t v) {
  std::string s(16, '0');
  for (unsigned i = 0; i < 16; ++i) s[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
  return s;
}

class Checksum {
 public:
  static constexpr const char* key = "ctnet.crc64";

  void tensor(std::string_view name, Dtype type, const Dims& shape, const unsigned char* bytes, std::size_t n) {
    sum_ += crc64(bytes, n, of({name, name_of(type), words(shape)}));
  }
  void metadata(std::string_view k, std::string_view value) {
    if (k != key) sum_ += of({"", k, value});
  }
  std::string text() const { return hexadecimal(sum_); }

 private:
  struct Three {
    std::string_view a, b, c;
  };
  static std::uint64_t of(const Three& parts) {
    std::uint64_t crc = 0;
    for (const std::string_view s : {parts.a, parts.b, parts.c}) crc = crc64("", 1, crc64(s.data(), s.size(), crc));
    return crc;
  }

  std::uint64_t sum_ = 0;
};

}  // namespace ctnet::io
