// SPDX-License-Identifier: MIT
// The system's calls on files as every reader and writer here makes them: begun again where a signal broke in, of
// regular files only where something is read (a FIFO would wait for ever, a device may never end), closed on all ways
// out. What fails without an Error leaves errno. windows.hpp has the same functions.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "../core/error.hpp"
#include "descriptor.hpp"

namespace ctnet::io::detail {

inline long process_id() { return ::getpid(); }

inline bool is_terminal(std::FILE* file) { return ::isatty(::fileno(file)) == 1; }
// 80 where it does not say.
inline std::size_t terminal_columns(std::FILE* file) {
  winsize w{};
  return ::ioctl(::fileno(file), TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
}

// What stands at a path.

using FileStatus = struct stat;
inline bool is_folder(const FileStatus& s) { return S_ISDIR(s.st_mode); }
inline bool is_regular(const FileStatus& s) { return S_ISREG(s.st_mode); }
inline bool may_be_replaced(const FileStatus&) { return true; }  // its folder's rights decide
inline bool status_of(const std::string& path, FileStatus& s) {
  return retry([&] { return ::stat(path.c_str(), &s); }) == 0;
}

// The same for whatever leads to the same file.
using FileIdentity = std::pair<dev_t, ino_t>;
inline FileIdentity identity_of(const std::string&, const FileStatus& s) { return {s.st_dev, s.st_ino}; }
inline bool known(const FileIdentity& identity) { return identity.second != 0; }

// Where a symbolic link leads, so that the link survives and its target is what gets replaced.
inline std::string resolved(const std::string& path) {
  struct stat s;
  if (retry([&] { return ::lstat(path.c_str(), &s); }) != 0 || !S_ISLNK(s.st_mode)) return path;
  char* real = nullptr;
  do real = ::realpath(path.c_str(), nullptr);
  while (!real && errno == EINTR);
  if (!real) fail_errno(path, "cannot follow the link", errno);
  std::string target = real;
  std::free(real);
  return target;
}

// Where the last slash of a path is, or npos.
inline std::size_t last_slash(const std::string& path) { return path.rfind('/'); }

// The names in a folder, "." and ".." among them.
class FolderNames {
 public:
  explicit FolderNames(const std::string& path) {
    DIR* opened = nullptr;
    do opened = ::opendir(path.c_str());
    while (!opened && errno == EINTR);
    folder_.reset(opened);
  }
  bool is_open() const { return folder_ != nullptr; }
  // False at the end, where errno is 0, and where the folder cannot be read on.
  bool next(std::string& name) {
    errno = 0;
    const dirent* const entry = ::readdir(folder_.get());
    if (entry) name = entry->d_name;
    return entry != nullptr;
  }

 private:
  struct Close {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  std::unique_ptr<DIR, Close> folder_;
};

// Reading.

inline Descriptor open_file(const std::string& path, int flags, mode_t mode = 0) {
  return Descriptor(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}
// Without waiting, whatever it is: opening a FIFO waits for a writer before one can ask what it is.
inline Descriptor open_to_look(const std::string& path) { return open_file(path, O_RDONLY | O_NONBLOCK); }

// Throws Error with the path where it is no regular file or cannot be opened.
inline Opened open_to_read(const std::string& path) {
  Descriptor file = open_to_look(path);
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

// How many bytes were read or written, 0 at the end, or -1.
inline ssize_t read_some(int fd, void* to, std::size_t n) {
  return retry([&] { return ::read(fd, to, n); });
}
inline ssize_t read_at(int fd, void* to, std::size_t n, std::size_t from) {
  return retry([&] { return ::pread(fd, to, n, static_cast<off_t>(from)); });
}
inline ssize_t write_some(int fd, const void* from, std::size_t n) {
  return retry([&] { return ::write(fd, from, n); });
}

// Writing. What gives an int gives the error number, or 0.

inline Descriptor open_to_write(const std::string& path) { return open_file(path, O_WRONLY); }
inline bool writable(const std::string& path) { return ::access(path.c_str(), W_OK) == 0; }
inline int flush_file(int fd) {
  return retry([&] { return ::fsync(fd); }) == 0 ? 0 : errno;
}
// File systems that cannot flush a folder say EINVAL.
inline int flush_folder(const std::string& path) {
  const Descriptor folder = open_file(path, O_RDONLY);
  const int error = folder.fd >= 0 ? flush_file(folder.fd) : 0;
  return error == EINVAL ? 0 : error;
}

// Owner, group and mode of the file that is replaced. Where the group cannot be kept (only a member may give a file to
// it), another one is not to read more than everybody may.
inline int take_mode(int fd, const FileStatus& old) {
  struct stat made;
  if (::fstat(fd, &made) != 0) return errno;
  mode_t mode = old.st_mode & 07777;
  if (made.st_uid != old.st_uid) (void)!::fchown(fd, old.st_uid, static_cast<gid_t>(-1));
  if (made.st_gid != old.st_gid && ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) != 0)
    mode &= ~static_cast<mode_t>(070) | (mode & 07) << 3;
  return retry([&] { return ::fchmod(fd, mode); }) == 0 ? 0 : errno;
}

// Held files: the lock (flock) goes with its holder however that ends. No process number is asked for, because another
// machine or container that shares the folder has its own.

inline bool lock(int fd) {
  return retry([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0;
}
// A new file that is held; -1 and EEXIST where there is one of the name.
inline Descriptor create_held(const std::string& path, mode_t mode) {
  Descriptor made = open_file(path, O_RDWR | O_CREAT | O_EXCL, mode);
  if (made.fd < 0) return made;
  // Between these two calls another writer may have taken it for a stale one: then it holds the lock, or has removed
  // the file. Where there are no locks, none is taken for stale.
  const bool lost = !lock(made.fd) && errno == EWOULDBLOCK;
  struct stat s;
  if (!lost && (::fstat(made.fd, &s) != 0 || s.st_nlink != 0)) return made;
  made.close();
  errno = EEXIST;
  return made;
}
inline void remove_unless_held(const std::string& path) {
  const Descriptor file = open_file(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  if (file.fd >= 0 && lock(file.fd)) ::unlink(path.c_str());
}
// The held file that `file` is.
inline void remove_held(Descriptor&, const std::string& path) { ::unlink(path.c_str()); }

// Where a descriptor is a name that can be linked to, by /proc.
inline std::string descriptor_name(int fd) { return "/proc/self/fd/" + std::to_string(fd); }
// A held file without a name, or -1 where the file system has none.
inline Descriptor create_nameless([[maybe_unused]] const std::string& folder, [[maybe_unused]] mode_t mode) {
#ifdef O_TMPFILE
  Descriptor made = open_file(folder, O_RDWR | O_TMPFILE, mode);
  if (made.fd >= 0 && ::access(descriptor_name(made.fd).c_str(), F_OK) != 0) return Descriptor(-1);
  if (made.fd >= 0) lock(made.fd);
  return made;
#else
  return Descriptor(-1);
#endif
}
inline int give_name(int fd, const std::string& path) {
  const std::string from = descriptor_name(fd);
  return retry([&] { return ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW); }) == 0
             ? 0
             : errno;
}
// Over whatever is there, of the held file that `file` is.
inline int rename_over(Descriptor&, const std::string& from, const std::string& to) {
  return retry([&] { return ::rename(from.c_str(), to.c_str()); }) == 0 ? 0 : errno;
}

}  // namespace ctnet::io::detail
