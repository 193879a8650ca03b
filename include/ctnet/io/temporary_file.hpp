// SPDX-License-Identifier: MIT
// A new file beside the one that it is to replace. Where the file system can (O_TMPFILE), it has no name until it is
// whole, and a writer that is killed leaves nothing. Else, and for the moment before it is renamed, it is
// FOLDER/.ctnet-NAME-PID-N.tmp. Its writer holds a lock (flock) on it, which goes with the writer however that ends:
// one that nobody holds was left by a writer that was killed, and the next one of the same target removes it. No
// process number is asked for, because another machine or container that shares the folder has its own.
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
  [[gnu::cold]] TemporaryFile(const Place& target, const std::string& path, mode_t mode, bool may_be_nameless = true)
      : target_(target), file_(-1) {
    if (may_be_nameless && make_nameless(mode)) return;
    for (int i = 0; file_.fd < 0; ++i) {
      path_ = numbered(i);
      Descriptor made = open_file(path_, O_RDWR | O_CREAT | O_EXCL, mode);
      if (made.fd < 0 && errno != EEXIST) {
        const int error = errno;
        path_.clear();
        fail_errno(path, "cannot create a file beside it", error);
      }
      if (made.fd < 0) continue;
      // Between these two calls another writer may have taken it for a stale one: then it holds the lock, or has
      // removed the file. Where there are no locks, none is taken for stale.
      if (!lock(made.fd) && errno == EWOULDBLOCK) continue;
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
  bool nameless() const { return path_.empty(); }
  // The error number, or 0. To be called after fsync, which says all that close could.
  int rename_to(const std::string& target) {
    if (const int error = path_.empty() ? give_name() : 0) return error;
    if (retry([&] { return ::rename(path_.c_str(), target.c_str()); }) != 0) return errno;
    path_.clear();
    return 0;
  }

 private:
  static bool lock(int fd) {
    return retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0;
  }
  std::string numbered(int i) const {
    return target_.folder + "/" + temporary_prefix(target_) + std::to_string(::getpid()) + "-" + std::to_string(i) +
           ".tmp";
  }
  // Where a descriptor is a name that can be linked to, by /proc.
  static std::string descriptor_name(int fd) { return "/proc/self/fd/" + std::to_string(fd); }
  bool make_nameless([[maybe_unused]] mode_t mode) {
#ifdef O_TMPFILE
    Descriptor made = open_file(target_.folder, O_RDWR | O_TMPFILE, mode);
    if (made.fd < 0 || ::access(descriptor_name(made.fd).c_str(), F_OK) != 0) return false;
    lock(made.fd);
    file_.fd = made.release();
    return true;
#else
    return false;
#endif
  }
  int give_name() {
    for (int i = 0;; ++i) {
      const std::string from = descriptor_name(file_.fd), to = numbered(i);
      if (retry([&] { return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), AT_SYMLINK_FOLLOW); }) == 0) {
        path_ = to;
        return 0;
      }
      if (errno != EEXIST) return errno;
    }
  }

  Place target_;
  Descriptor file_;
  std::string path_;  // empty: it has none
};

}  // namespace ctnet::io::detail
