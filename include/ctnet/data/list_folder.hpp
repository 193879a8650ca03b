// SPDX-License-Identifier: MIT
// What stands in a folder, by POSIX calls (<filesystem> costs every includer), so that nothing that cannot be read is
// taken for nothing that is there.
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/posix.hpp"

namespace ctnet::data::detail {

enum class Stands { folder, file, other, unreadable };  // other: a pipe, a device; unreadable: a link to nothing

struct Entry {
  std::string name;
  Stands what = Stands::other;
  std::pair<dev_t, ino_t> identity{};  // of what a link leads to
  bool operator<(const Entry& e) const { return name < e.name; }
};

// Errors that are the entry's own fault; any other (descriptors or memory that ran out, a disk that fails) is an Error.
inline bool own_fault(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES || error == EPERM;
}

inline Entry look_at(const std::string& path, std::string name) {
  struct stat s {};
  Entry entry{std::move(name)};
  if (io::detail::retry([&] { return ::stat(path.c_str(), &s); }) != 0) {
    if (!own_fault(errno)) io::detail::fail_errno(path, "cannot be looked at", errno);
    entry.what = Stands::unreadable;
  } else {
    entry.what = S_ISDIR(s.st_mode) ? Stands::folder : S_ISREG(s.st_mode) ? Stands::file : Stands::other;
    entry.identity = {s.st_dev, s.st_ino};
  }
  return entry;
}

// Sorted by name, byte by byte; links are followed. Throws Error where the folder cannot be read to its end.
inline std::vector<Entry> list_folder(const std::string& path) {
  struct Close {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  DIR* opened = nullptr;
  do opened = ::opendir(path.c_str());
  while (!opened && errno == EINTR);
  const std::unique_ptr<DIR, Close> folder{opened};
  if (!folder && errno == ENOENT) fail(path, ": no such folder");
  if (!folder) io::detail::fail_errno(path, "cannot be opened", errno);
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(folder.get());
    if (!entry && errno != 0) io::detail::fail_errno(path, "cannot be read to its end", errno);
    if (!entry) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") entries.push_back(look_at(path + "/" + name, name));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace ctnet::data::detail
