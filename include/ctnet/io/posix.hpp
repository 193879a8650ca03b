// SPDX-License-Identifier: MIT
// The system's calls on files as every reader and writer here makes them: begun again where a signal broke in, of
// regular files only where something is read (a FIFO would wait for ever, a device may never end), closed on all ways
// out.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "../core/error.hpp"

namespace ctnet::io::detail {

[[noreturn]] inline void fail_errno(const std::string& path, const char* action, int error) {
  fail(path, ": ", action, ": ", std::strerror(error));
}

// What call() gives, called again while it says -1 and EINTR.
template <class F>
auto retry(const F& call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// A file descriptor that closes itself.
struct Descriptor {
  int fd = -1;

  explicit Descriptor(int fd_) : fd(fd_) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  // Not called again after EINTR: the descriptor is gone then, and its number may be another thread's.
  int close() {
    const int result = ::close(std::exchange(fd, -1));
    return result != 0 && errno == EINTR ? 0 : result;
  }
  int release() { return std::exchange(fd, -1); }
};

inline Descriptor open_file(const std::string& path, int flags, mode_t mode = 0) {
  return Descriptor(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

// A regular file, open to be read, and its size. Throws Error with the path where it is none or cannot be opened.
struct Opened {
  Descriptor file;
  std::size_t size;
};
inline Opened open_to_read(const std::string& path) {
  // O_NONBLOCK, because opening a FIFO waits for a writer before one can ask what it is.
  Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK);
  if (file.fd < 0) fail_errno(path, "cannot open", errno);
  struct stat s;
  if (::fstat(file.fd, &s) != 0) fail_errno(path, "cannot read", errno);
  if (S_ISDIR(s.st_mode)) fail_errno(path, "cannot read", EISDIR);
  if (!S_ISREG(s.st_mode))
    fail(path, ": is ",
         S_ISFIFO(s.st_mode)   ? "a pipe"
         : S_ISSOCK(s.st_mode) ? "a socket"
                               : "a device",
         ", expected a regular file");
  return {std::move(file), static_cast<std::size_t>(s.st_size)};
}

// Whether there is something at the path, links followed. Only "no such file" and "no such folder" say that there is
// nothing; any other answer (of a network disk that stalls, of a folder that may not be entered) is an Error.
inline bool stat_file(const std::string& path, struct stat& s) {
  if (retry([&] { return ::stat(path.c_str(), &s); }) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_errno(path, "cannot be looked at", errno);
  return false;
}

}  // namespace ctnet::io::detail
