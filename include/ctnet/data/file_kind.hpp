// SPDX-License-Identifier: MIT
// What a file is, by its first bytes, whatever its name; and whether a picture has a header that tells its size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

#include "../io/system.hpp"

namespace ctnet::data {

enum class FileKind { other, png, jpeg };

inline FileKind kind_of(std::span<const unsigned char> bytes) {
  constexpr unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'}, jpeg[] = {0xFF, 0xD8, 0xFF};
  const auto begins = [&](std::span<const unsigned char> with) {
    return bytes.size() >= with.size() && std::equal(with.begin(), with.end(), bytes.begin());
  };
  return begins(png) ? FileKind::png : begins(jpeg) ? FileKind::jpeg : FileKind::other;
}

namespace detail {

// Bytes of an open file; those at its beginning are read once.
class FileBytes {
 public:
  FileBytes(int fd, const std::string& path) : fd_(fd), path_(path) { held_ = read(begin_, sizeof begin_, 0); }

  std::span<const unsigned char> beginning() const { return {begin_, held_}; }
  // Empty where the file ends before.
  std::span<const unsigned char> at(std::size_t from, std::size_t n) {
    if (from + n <= held_) return {begin_ + from, n};
    return n <= sizeof far_ && read(far_, n, from) == n ? std::span<const unsigned char>{far_, n}
                                                        : std::span<const unsigned char>{};
  }

 private:
  std::size_t read(unsigned char* to, std::size_t n, std::size_t from) {
    std::size_t got = 0;
    while (got < n) {
      const auto k = io::detail::read_at(fd_, to + got, n - got, from + got);
      if (k < 0) io::detail::fail_errno(path_, "cannot read", errno);
      if (k == 0) break;
      got += static_cast<std::size_t>(k);
    }
    return got;
  }

  int fd_;
  const std::string& path_;
  std::size_t held_ = 0;
  unsigned char begin_[4096], far_[16];
};

// A PNG's first chunk, or a JPEG's frame header behind whatever comes before it, with a size that is not 0.
inline bool tells_its_size(FileBytes& file) {
  const auto positive = [](std::span<const unsigned char> b, std::size_t from, std::size_t bytes) {
    return std::any_of(b.begin() + static_cast<std::ptrdiff_t>(from),
                       b.begin() + static_cast<std::ptrdiff_t>(from + bytes), [](unsigned char v) { return v != 0; });
  };
  const FileKind kind = kind_of(file.beginning());
  if (kind == FileKind::png) {
    const auto head = file.at(12, 12);
    return !head.empty() && std::equal(head.begin(), head.begin() + 4, "IHDR") && positive(head, 4, 4) &&
           positive(head, 8, 4);
  }
  if (kind != FileKind::jpeg) return false;
  std::size_t at = 2;
  for (int markers = 0; markers < 4096; ++markers) {  // a file of nothing else would be gone through byte by byte
    const auto marker = file.at(at, 2);
    if (marker.empty() || marker[0] != 0xFF) return false;
    const unsigned code = marker[1];
    at += code == 0xFF ? 1 : 2;
    if (code == 0xFF || code == 0x01 || (code >= 0xD0 && code <= 0xD7)) continue;  // these stand alone
    if (code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC) {
      const auto frame = file.at(at, 8);
      return !frame.empty() && positive(frame, 3, 2) && positive(frame, 5, 2);
    }
    const auto length = file.at(at, 2);
    if (length.empty() || code == 0xD9 || code == 0xDA) return false;
    at += std::max<std::size_t>(2, std::size_t{length[0]} << 8 | length[1]);
  }
  return false;
}

}  // namespace detail

}  // namespace ctnet::data
