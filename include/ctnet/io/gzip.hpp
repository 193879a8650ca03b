// SPDX-License-Identifier: MIT
// gzip files (RFC 1952), of one member or several, by zlib (-lz), with their sums checked.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "../core/error.hpp"
#include "file.hpp"

namespace ctnet::io {

// What the bytes of a gzip file hold. Throws Error, beginning with `name`, where they are damaged, end too early, or
// hold more than `limit` bytes; zeros behind the last member are padding.
inline Bytes gunzip(ByteSpan in, const std::string& name, std::size_t limit = std::size_t{1} << 30) {
  struct Inflater {
    z_stream z{};
    ~Inflater() { ::inflateEnd(&z); }
  } stream;
  z_stream& z = stream.z;
  if (::inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) fail(name, ": zlib cannot start");
  constexpr std::size_t most = std::numeric_limits<uInt>::max() / 2;
  Bytes out;
  std::size_t done = 0;
  for (;;) {
    if (done == out.size()) {
      if (done > limit) fail(name, ": more than ", limit, " bytes when decompressed");
      const std::size_t more = done + std::clamp(done, std::size_t{1} << 16, std::size_t{1} << 26);
      ctnet::detail::with_memory_for(name.c_str(), more, [&] { out.resize(more); });
    }
    const std::size_t take = std::min(in.size(), most), give = std::min(out.size() - done, most);
    z.next_in = const_cast<unsigned char*>(in.data());
    z.avail_in = static_cast<uInt>(take);
    z.next_out = out.data() + done;
    z.avail_out = static_cast<uInt>(give);
    const int status = ::inflate(&z, Z_NO_FLUSH);
    in = in.subspan(take - z.avail_in);
    done += give - z.avail_out;
    if (status == Z_STREAM_END) {
      if (std::all_of(in.begin(), in.end(), [](unsigned char v) { return v == 0; })) break;
      ::inflateReset(&z);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail(name, ": damaged gzip file: ", z.msg ? z.msg : "zlib gives no reason");
    } else if (in.empty() && z.avail_out != 0) {
      fail(name, ": the gzip file ends too early");
    }
  }
  if (done > limit) fail(name, ": more than ", limit, " bytes when decompressed");
  out.resize(done);
  return out;
}

// A whole file, decompressed where it is a gzip file.
inline Bytes read_gzip(const std::string& path, std::size_t limit = std::size_t{1} << 30) {
  Bytes bytes = read_file(path, limit + (std::size_t{1} << 20));
  const bool packed = bytes.size() >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
  if (!packed && bytes.size() > limit) fail(path, ": has ", bytes.size(), " bytes, expected at most ", limit);
  return packed ? gunzip(bytes, path, limit) : bytes;
}

}  // namespace ctnet::io
