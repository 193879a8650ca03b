// SPDX-License-Identifier: MIT
// Zip archives (PKWARE's APPNOTE 6.3), as numpy's npz files and PyTorch's are: entries stored or deflated, sizes beyond
// 4 GiB by the zip64 fields when reading. Needs zlib (-lz). What is damaged is an Error naming archive and entry;
// nothing is allocated that the archive's own bytes could not expand to.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "file.hpp"

namespace ctnet::io {

struct ZipEntry {
  std::string name;
  std::size_t size = 0;   // bytes, once inflated
  std::uint32_t crc = 0;  // CRC-32 of them
  bool deflated = false;
  ByteSpan packed;
};

// Borrows the archive's bytes.
class ZipReader {
 public:
  // Throws Error; `file_name` is what it will be called there.
  ZipReader(ByteSpan bytes, std::string file_name) : bytes_(bytes), name_(std::move(file_name)) {
    std::size_t end = find_end();
    std::uint64_t count = u16(end + 10), size = u32(end + 12), at = u32(end + 16);
    if (count == 0xFFFF || size == 0xFFFFFFFF || at == 0xFFFFFFFF) {
      if (end < 20 || u32(end - 20) != 0x07064b50) fail(name_, ": its zip64 locator is missing");
      const std::uint64_t end64 = u64(end - 12);
      need(end64, 56, "the zip64 end record");
      end = static_cast<std::size_t>(end64);
      if (u32(end) != 0x06064b50) fail(name_, ": no zip64 end record at byte ", end);
      count = u64(end + 32), size = u64(end + 40), at = u64(end + 48);
    }
    if (at > end || size > end - at)
      fail(name_, ": its directory of ", size, " bytes at byte ", at, " does not fit before byte ", end);
    const std::uint64_t directory_end = at + size;
    for (std::uint64_t i = 0; i < count; ++i) at = read_entry(at, directory_end);
    std::vector<std::string_view> names;
    for (const ZipEntry& e : entries_) names.push_back(e.name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
      fail(name_, ": entry '", std::string(*twice), "' is there twice");
  }

  const std::vector<ZipEntry>& entries() const { return entries_; }
  // nullptr where there is none of that name.
  const ZipEntry* find(std::string_view name) const {
    for (const ZipEntry& e : entries_)
      if (e.name == name) return &e;
    return nullptr;
  }

  // The entry's bytes, checked against size and CRC.
  Bytes read(const ZipEntry& e) const {
    const std::string where = name_ + ": entry '" + e.name + "'";
    Bytes out(e.size);
    if (!e.deflated) {
      if (e.size) std::memcpy(out.data(), e.packed.data(), e.size);
    } else {
      inflate_into(out, e, where);
    }
    if (const std::uint32_t crc = crc_of(out); crc != e.crc)
      fail(where, " is damaged: its CRC is ", crc, ", expected ", e.crc);
    return out;
  }

  static std::uint32_t crc_of(ByteSpan bytes) {
    return static_cast<std::uint32_t>(::crc32_z(::crc32_z(0, nullptr, 0), bytes.data(), bytes.size()));
  }

 private:
  // Little-endian numbers; the caller has made sure that they lie inside.
  std::uint16_t u16(std::size_t at) const { return number<std::uint16_t>(at); }
  std::uint32_t u32(std::size_t at) const { return number<std::uint32_t>(at); }
  std::uint64_t u64(std::size_t at) const { return number<std::uint64_t>(at); }
  template <class T>
  T number(std::size_t at) const {
    T v;
    std::memcpy(&v, bytes_.data() + at, sizeof v);
    return v;
  }
  void need(std::uint64_t at, std::uint64_t n, const char* what) const {
    if (at > bytes_.size() || n > bytes_.size() - at)
      fail(name_, ": ", what, " of ", n, " bytes at byte ", at, " lies beyond the end, ", bytes_.size());
  }

  // The end record is the last 22 bytes, before a comment of up to 65535.
  std::size_t find_end() const {
    if (bytes_.size() < 22) fail(name_, ": ", bytes_.size(), " bytes, a zip archive has at least 22");
    const std::size_t last = bytes_.size() - 22, first = last > 65535 ? last - 65535 : 0;
    for (std::size_t at = last + 1; at-- > first;)
      if (u32(at) == 0x06054b50 && u16(at + 20) == last - at) return at;
    fail(name_, ": no end record, so it is no zip archive or a truncated one");
  }

  std::uint64_t read_entry(std::uint64_t at64, std::uint64_t end) {
    if (at64 > end || end - at64 < 46) fail(name_, ": its directory ends inside entry ", entries_.size() + 1);
    const auto at = static_cast<std::size_t>(at64);
    if (u32(at) != 0x02014b50) fail(name_, ": no directory entry at byte ", at);
    const unsigned flags = u16(at + 8), method = u16(at + 10), name_size = u16(at + 28), extra_size = u16(at + 30);
    const std::uint64_t next = at64 + 46 + name_size + extra_size + u16(at + 32);
    if (next > end) fail(name_, ": its directory ends inside entry ", entries_.size() + 1);

    ZipEntry e;
    e.name.assign(reinterpret_cast<const char*>(bytes_.data()) + at + 46, name_size);
    const std::string where = name_ + ": entry '" + e.name + "'";
    e.crc = u32(at + 16);
    e.deflated = method == 8;
    if (flags & 1) fail(where, " is encrypted");
    if (method != 0 && method != 8)
      fail(where, " is packed by method ", method, ", expected 0 (stored) or 8 (deflate)");
    std::uint64_t packed = u32(at + 20), size = u32(at + 24), local = u32(at + 42);
    read_zip64(at + 46 + name_size, extra_size, size, packed, local, where);

    need(local, 30, "a local header");
    const auto head = static_cast<std::size_t>(local);
    if (u32(head) != 0x04034b50) fail(where, " has no local header at byte ", local);
    const std::uint64_t data = local + 30 + u16(head + 26) + u16(head + 28);
    if (data > bytes_.size() || packed > bytes_.size() - data)
      fail(where, " has ", packed, " bytes at byte ", data, ", the archive ends at ", bytes_.size());
    if (!e.deflated && size != packed) fail(where, " is stored in ", packed, " bytes, expected ", size);
    if (e.deflated && size / 1032 > packed + 1)  // deflate expands no further
      fail(where, " has ", packed, " bytes, which cannot inflate to ", size);
    e.size = static_cast<std::size_t>(size);
    e.packed = bytes_.subspan(static_cast<std::size_t>(data), static_cast<std::size_t>(packed));
    entries_.push_back(std::move(e));
    return next;
  }

  // Extra field 1 holds, in this order, those of the numbers that are all ones in the entry.
  void read_zip64(std::size_t at, std::size_t n, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& local,
                  const std::string& where) const {
    for (const std::size_t end = at + n; end - at >= 4;) {
      const std::size_t length = u16(at + 2);
      if (length > end - at - 4) return;  // padding, which some writers leave
      if (u16(at) == 1) {
        std::size_t field = at + 4;
        for (std::uint64_t* v : {&size, &packed, &local})
          if (*v == 0xFFFFFFFF) {
            if (field + 8 > at + 4 + length) fail(where, " has a zip64 field that is too short");
            *v = u64(field), field += 8;
          }
      }
      at += 4 + length;
    }
  }

  static void inflate_into(Bytes& out, const ZipEntry& e, const std::string& where) {
    z_stream z{};
    if (::inflateInit2(&z, -15) != Z_OK) fail(where, ": zlib cannot start");
    constexpr std::size_t most = std::size_t{1} << 30;
    ByteSpan in = e.packed;
    std::size_t done = 0;
    unsigned char beyond = 0;  // one byte of room after the last shows a stream that is too long
    int status = Z_OK;
    while (status == Z_OK) {
      const std::size_t take = in.size() < most ? in.size() : most, left = out.size() - done;
      const std::size_t give = left < most ? left : most;
      z.next_in = const_cast<unsigned char*>(in.data());
      z.avail_in = static_cast<uInt>(take);
      z.next_out = give ? out.data() + done : &beyond;
      z.avail_out = static_cast<uInt>(give ? give : 1);
      status = ::inflate(&z, Z_NO_FLUSH);
      in = in.subspan(take - z.avail_in);
      if (give) done += give - z.avail_out;
      if (!give && z.avail_out == 0) status = Z_BUF_ERROR;
    }
    ::inflateEnd(&z);
    if (status != Z_STREAM_END || done != out.size() || !in.empty())
      fail(where, " is damaged: ", done, " bytes could be inflated, expected ", out.size());
  }

  ByteSpan bytes_;
  std::string name_;
  std::vector<ZipEntry> entries_;
};

// Builds an archive in memory. Entries below 4 GiB each and in all.
class ZipWriter {
 public:
  // Stored, or deflated where that is asked for and smaller. Throws Error where the name is taken or a size too large.
  void add(const std::string& name, ByteSpan bytes, bool deflate) {
    if (name.size() > 0xFFFF) fail("a zip entry's name has ", name.size(), " bytes, at most 65535 are allowed");
    for (const std::string& n : names_)
      if (n == name) fail("zip entry '", name, "' cannot be written twice");
    if (bytes.size() >= limit - out_.size()) fail("zip entry '", name, "' makes the archive larger than 4 GiB");
    Bytes smaller;
    ByteSpan packed = bytes;
    if (deflate && (smaller = deflated(bytes)).size() < bytes.size()) packed = smaller;

    Bytes head;  // what local header and directory entry have in common
    for (const unsigned v : {20u, 0x800u, packed.data() == bytes.data() ? 0u : 8u, 0u, 0x21u}) put(head, v, 2);
    put(head, ZipReader::crc_of(bytes), 4);
    put(head, packed.size(), 4);
    put(head, bytes.size(), 4);
    put(head, name.size(), 2);
    put(head, 0, 2);

    put(directory_, 0x02014b50, 4);
    put(directory_, 20, 2);
    directory_.insert(directory_.end(), head.begin(), head.end());
    put(directory_, 0, 10);
    put(directory_, out_.size(), 4);
    directory_.insert(directory_.end(), name.begin(), name.end());

    put(out_, 0x04034b50, 4);
    out_.insert(out_.end(), head.begin(), head.end());
    out_.insert(out_.end(), name.begin(), name.end());
    out_.insert(out_.end(), packed.begin(), packed.end());
    names_.push_back(name);
  }

  Bytes bytes() const {
    if (names_.size() >= 0xFFFF || out_.size() + directory_.size() >= limit) fail("a zip archive larger than 4 GiB");
    Bytes all = out_;
    all.insert(all.end(), directory_.begin(), directory_.end());
    put(all, 0x06054b50, 4);
    put(all, 0, 4);
    put(all, names_.size(), 2);
    put(all, names_.size(), 2);
    put(all, directory_.size(), 4);
    put(all, out_.size(), 4);
    put(all, 0, 2);
    return all;
  }

 private:
  static constexpr std::size_t limit = 0xFFFFFFFF;

  static void put(Bytes& to, std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i, v = i < 8 ? v >> 8 : 0) to.push_back(static_cast<unsigned char>(v));
  }
  static Bytes deflated(ByteSpan bytes) {
    z_stream z{};
    if (::deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      fail("zlib cannot start");
    Bytes out(::deflateBound(&z, static_cast<uLong>(bytes.size())));
    z.next_in = const_cast<unsigned char*>(bytes.data());
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    const int status = ::deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    ::deflateEnd(&z);
    return status == Z_STREAM_END ? out : Bytes(bytes.begin(), bytes.end());
  }

  Bytes out_, directory_;
  std::vector<std::string> names_;
};

}  // namespace ctnet::io
