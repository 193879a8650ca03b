// SPDX-License-Identifier: MIT
// Whole files, read and replaced. replace_file is atomic: the bytes go into a temporary beside the target, are flushed
// to the disk and renamed over it, so that whoever reads the path, at any moment and after any crash, finds the old
// file whole or the new one whole. The system's own calls, because <filesystem> and <fstream> cost every includer and
// can do neither.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/out_of_memory.hpp"
#include "temporary_file.hpp"

namespace ctnet::io {

using Bytes = std::vector<unsigned char>;
using ByteSpan = std::span<const unsigned char>;

inline ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

namespace detail {

// The error number, or 0.
inline int write_all(int fd, std::span<const ByteSpan> pieces) {
  for (ByteSpan piece : pieces)
    while (!piece.empty()) {
      const std::size_t most = std::size_t{1} << 30;
      const ssize_t n = write_some(fd, piece.data(), piece.size() < most ? piece.size() : most);
      if (n < 0) return errno;
      if (n == 0) return EIO;
      piece = piece.subspan(static_cast<std::size_t>(n));
    }
  return 0;
}

// Whether there is something at the path, links followed. Only "no such file" and "no such folder" say that there is
// nothing; any other answer (of a network disk that stalls, of a folder that may not be entered) is an Error.
inline bool stat_file(const std::string& path, FileStatus& s) {
  if (status_of(path, s)) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_errno(path, "cannot be looked at", errno);
  return false;
}

// What stands where a file is to be put: nothing, a regular file, or something that can only be written to.
struct Target {
  std::string path;
  FileStatus old{};
  bool exists = false;
  bool regular() const { return !exists || is_regular(old); }
};
inline Target target_of(const std::string& path) {
  Target target{resolved(path)};
  target.exists = stat_file(target.path, target.old);
  if (target.exists && is_folder(target.old)) fail_errno(path, "cannot write", EISDIR);
  if (target.exists && target.regular() && !may_be_replaced(target.old)) fail_errno(path, "cannot write", EACCES);
  return target;
}

}  // namespace detail

// False where there is nothing, or a link to nothing. Throws Error where the system cannot say.
inline bool file_exists(const std::string& path) {
  detail::FileStatus s;
  return detail::stat_file(path, s);
}

// All bytes of a regular file of at most `most` bytes. Throws Error with the path and the system's reason, OutOfMemory
// with the path and the file's size.
inline Bytes read_file(const std::string& path, std::size_t most = static_cast<std::size_t>(-1)) {
  const detail::Opened in = detail::open_to_read(path);
  const auto check = [&](std::size_t n) {
    if (n > most) fail(path, ": has ", n, " bytes or more, expected at most ", most);
  };
  check(in.size);
  // One byte more than stat says shows the end at once. What says 0 (/proc) may hold more, but not without end.
  const std::size_t limit = in.size == 0 ? std::size_t{1} << 30 : in.size + 1;
  Bytes bytes;
  const auto grow = [&](std::size_t n) { ctnet::detail::with_memory_for(path.c_str(), n, [&] { bytes.resize(n); }); };
  grow(in.size + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size() && size >= limit)
      fail(path, ": has more bytes than the ", in.size, " that it had when it was opened");
    if (size == bytes.size()) grow(2 * size + 65536);
    const ssize_t n = detail::read_some(in.file.fd, bytes.data() + size, bytes.size() - size);
    if (n < 0) detail::fail_errno(path, "cannot read", errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
    check(size);
  }
  bytes.resize(size);
  return bytes;
}

// Replaces the file, or makes it, with the pieces one after the other. Throws Error with the path and the system's
// reason; the old file is then as it was and no temporary is left. Permissions and links are kept. What is no regular
// file (/dev/stdout, a pipe) cannot be replaced and is written to.
inline void replace_file(const std::string& path, std::span<const ByteSpan> pieces) {
  const detail::Target target = detail::target_of(path);
  if (!target.regular()) {
    detail::Descriptor out = detail::open_to_write(target.path);
    if (out.fd < 0) detail::fail_errno(path, "cannot open", errno);
    if (const int error = detail::write_all(out.fd, pieces)) detail::fail_errno(path, "cannot write", error);
    if (out.close() != 0) detail::fail_errno(path, "cannot write", errno);
    return;
  }

  const detail::Place place = detail::place_of(target.path);
  detail::remove_stale_temporaries(place);
  int error = 0;
  for (const bool may_be_nameless : {true, false}) {
    detail::TemporaryFile out(place, path, target.exists ? 0600 : 0666, may_be_nameless);
    error = target.exists ? detail::take_mode(out.fd(), target.old) : 0;
    if (!error) error = detail::write_all(out.fd(), pieces);
    if (!error) error = detail::flush_file(out.fd());
    if (error) break;
    error = out.rename_to(target.path);
    if (!error || !out.nameless()) break;  // else a file system that gives a nameless file no name later
  }
  if (error) detail::fail_errno(path, "cannot write", error);
  // The rename itself reaches the disk with its folder.
  if (const int unflushed = detail::flush_folder(place.folder))
    detail::fail_errno(path, "written, but its folder cannot be flushed to the disk", unflushed);
}
inline void replace_file(const std::string& path, std::initializer_list<ByteSpan> pieces) {
  replace_file(path, std::span<const ByteSpan>(pieces.begin(), pieces.size()));
}
inline void replace_file(const std::string& path, std::string_view text) { replace_file(path, {bytes_of(text)}); }

// Throws Error where replace_file could not write there: no such folder, one that nothing can be made in, a link to
// nothing. Leaves everything as it was. Whether the disk has room shows only when it is written to.
inline void check_replaceable(const std::string& path) {
  const detail::Target target = detail::target_of(path);
  if (target.regular())
    detail::TemporaryFile(detail::place_of(target.path), path, 0600);
  else if (!detail::writable(target.path))
    detail::fail_errno(path, "cannot write", errno);
}

}  // namespace ctnet::io
