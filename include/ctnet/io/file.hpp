// SPDX-License-Identifier: MIT
// Whole files, read and replaced. replace_file is atomic: the bytes go into a temporary beside the target, are flushed
// to the disk and renamed over it, so that whoever reads the path, at any moment and after any crash, finds the old
// file whole or the new one whole. POSIX calls, because <filesystem> and <fstream> cost every includer and can do
// neither.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace ctnet::io {

using Bytes = std::vector<unsigned char>;
using ByteSpan = std::span<const unsigned char>;

inline ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

namespace detail {

[[noreturn]] inline void fail_errno(const std::string& path, const char* action, int error) {
  fail(path, ": ", action, ": ", std::strerror(error));
}

// A file descriptor that closes itself.
struct Descriptor {
  int fd = -1;

  explicit Descriptor(int fd_) : fd(fd_) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int close() { return ::close(std::exchange(fd, -1)); }
};

// The error number, or 0.
inline int write_all(int fd, std::span<const ByteSpan> pieces) {
  for (ByteSpan piece : pieces)
    while (!piece.empty()) {
      const std::size_t most = std::size_t{1} << 30;
      const ssize_t n = ::write(fd, piece.data(), piece.size() < most ? piece.size() : most);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno;
      if (n == 0) return EIO;
      piece = piece.subspan(static_cast<std::size_t>(n));
    }
  return 0;
}

// Where a symbolic link leads, so that the link survives and its target is what gets replaced.
inline std::string resolved(const std::string& path) {
  struct stat s;
  if (::lstat(path.c_str(), &s) != 0 || !S_ISLNK(s.st_mode)) return path;
  char* real = ::realpath(path.c_str(), nullptr);
  if (!real) fail_errno(path, "cannot follow the link", errno);
  std::string target = real;
  std::free(real);
  return target;
}

}  // namespace detail

inline bool file_exists(const std::string& path) {
  struct stat s;
  return ::stat(path.c_str(), &s) == 0;
}

// All bytes of the file. Throws Error with the path and the system's reason.
inline Bytes read_file(const std::string& path) {
  const detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) detail::fail_errno(path, "cannot open", errno);
  struct stat s;
  if (::fstat(file.fd, &s) != 0) detail::fail_errno(path, "cannot read", errno);
  if (S_ISDIR(s.st_mode)) detail::fail_errno(path, "cannot read", EISDIR);
  // One byte more than stat says shows the end at once; a pipe says 0 and grows.
  Bytes bytes(static_cast<std::size_t>(s.st_size) + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(2 * size + 65536);
    const ssize_t n = ::read(file.fd, bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) detail::fail_errno(path, "cannot read", errno);
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  bytes.resize(size);
  return bytes;
}

// Replaces the file, or makes it, with the pieces one after the other. Throws Error with the path and the system's
// reason; the old file is then as it was and no temporary is left. Permissions and links are kept. What is no regular
// file (/dev/stdout, a pipe) cannot be replaced and is written to.
inline void replace_file(const std::string& path, std::span<const ByteSpan> pieces) {
  const std::string target = detail::resolved(path);
  struct stat old;
  const bool exists = ::stat(target.c_str(), &old) == 0;
  if (exists && S_ISDIR(old.st_mode)) detail::fail_errno(path, "cannot write", EISDIR);
  if (exists && !S_ISREG(old.st_mode)) {
    detail::Descriptor out(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
    if (out.fd < 0) detail::fail_errno(path, "cannot open", errno);
    if (const int error = detail::write_all(out.fd, pieces)) detail::fail_errno(path, "cannot write", error);
    if (out.close() != 0) detail::fail_errno(path, "cannot write", errno);
    return;
  }

  const std::size_t slash = target.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : target.substr(0, slash);
  std::string temporary;
  int fd = -1;
  for (int i = 0; fd < 0; ++i) {
    temporary = folder + "/.ctnet-" + std::to_string(::getpid()) + "-" + std::to_string(i) + ".tmp";
    fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno != EEXIST) detail::fail_errno(path, "cannot create a file beside it", errno);
  }
  detail::Descriptor out(fd);
  int error = detail::write_all(out.fd, pieces);
  if (!error && exists && ::fchmod(out.fd, old.st_mode & 07777) != 0) error = errno;
  if (!error && ::fsync(out.fd) != 0) error = errno;
  if (out.close() != 0 && !error) error = errno;
  if (!error && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  if (error) {
    ::unlink(temporary.c_str());
    detail::fail_errno(path, "cannot write", error);
  }
  // The rename itself reaches the disk with its folder. File systems that cannot flush a folder say EINVAL.
  const detail::Descriptor parent(::open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (parent.fd >= 0 && ::fsync(parent.fd) != 0 && errno != EINVAL)
    detail::fail_errno(path, "written, but its folder cannot be flushed to the disk", errno);
}
inline void replace_file(const std::string& path, std::initializer_list<ByteSpan> pieces) {
  replace_file(path, std::span<const ByteSpan>(pieces.begin(), pieces.size()));
}
inline void replace_file(const std::string& path, std::string_view text) { replace_file(path, {bytes_of(text)}); }

}  // namespace ctnet::io
