// SPDX-License-Identifier: MIT
// What the system's files have in common: a descriptor that closes itself on all ways out, calls that are begun again
// where a signal broke in, the system's words in an Error.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstddef>
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

// A regular file, open to be read, and its size.
struct Opened {
  Descriptor file;
  std::size_t size;
};

}  // namespace ctnet::io::detail
