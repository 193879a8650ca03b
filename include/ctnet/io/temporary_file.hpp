// SPDX-License-Identifier: MIT
// A new file beside the one that it is to replace: FOLDER/.ctnet-NAME-PID-N.tmp. Its writer holds a lock (flock) on it,
// which goes with the writer however that ends: one that nobody holds was left by a writer that was killed, and the
// next one of the same target removes it. No process number is asked for, because another machine or container that
// shares the folder has its own.
#pragma once

#include <dirent.h>
#include <sys/file.h>

#include <memory>
#include <string>
#include <string_view>

#include "posix.hpp"

namespace ctnet::io::detail {

struct Place {
  std::string folder, name;
};
inline Place place_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// What the names of a target's temporaries begin with; cut so that a long name's still fit into 255 bytes.
inline std::string temporary_prefix(const Place& place) { return ".ctnet-" + place.name.substr(0, 200) + "-"; }

// "123-0.tmp"
inline bool temporary_ending(std::string_view s) {
  const auto number = [&] {
    std::size_t n = 0;
    while (n < s.size() && s[n] >= '0' && s[n] <= '9') ++n;
    s.remove_prefix(n);
    return n > 0;
  };
  if (!number() || !s.starts_with('-')) return false;
  s.remove_prefix(1);
  return number() && s == ".tmp";
}

// Removes what killed writers of the same target left. Whatever stands in the way of that is no fault of the caller's.
[[gnu::cold]] inline void remove_stale_temporaries(const Place& place) {
  struct Close {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  DIR* opened = nullptr;
  do opened = ::opendir(place.folder.c_str());
  while (!opened && errno == EINTR);
  const std::unique_ptr<DIR, Close> folder{opened};
  if (!folder) return;
  const std::string prefix = temporary_prefix(place);
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix) || !temporary_ending(name.substr(prefix.size()))) continue;
    const std::string path = place.folder + "/" + std::string(name);
    const Descriptor file = open_file(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    if (file.fd >= 0 && retry([&] { return ::flock(file.fd, LOCK_EX | LOCK_NB); }) == 0) ::unlink(path.c_str());
  }
}

class TemporaryFile {
 public:
  // `target` is where it will go, `path` what errors call that. Nobody but the owner may read it until it is given the
  // target's mode. Throws Error where it cannot be made.
  [[gnu::cold]] TemporaryFile(const Place& target, const std::string& path, mode_t mode) : file_(-1) {
    for (int i = 0; file_.fd < 0; ++i) {
      path_ = target.folder + "/" + temporary_prefix(target) + std::to_string(::getpid()) + "-" + std::to_string(i) +
              ".tmp";
      Descriptor made = open_file(path_, O_RDWR | O_CREAT | O_EXCL, mode);
      if (made.fd < 0 && errno != EEXIST) fail_errno(path, "cannot create a file beside it", errno);
      if (made.fd < 0) continue;
      // Between these two calls another writer may have taken it for a stale one: then it holds the lock, or has
      // removed the file. Where there are no locks, none is taken for stale.
      if (retry([&] { return ::flock(made.fd, LOCK_EX | LOCK_NB); }) != 0 && errno == EWOULDBLOCK) continue;
      struct stat s;
      if (::fstat(made.fd, &s) == 0 && s.st_nlink == 0) continue;
      file_.fd = made.release();
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  int fd() const { return file_.fd; }
  // The error number, or 0. To be called after fsync, which says all that close could.
  int rename_to(const std::string& target) {
    if (retry([&] { return ::rename(path_.c_str(), target.c_str()); }) != 0) return errno;
    path_.clear();
    return 0;
  }

 private:
  Descriptor file_;
  std::string path_;
};

}  // namespace ctnet::io::detail
