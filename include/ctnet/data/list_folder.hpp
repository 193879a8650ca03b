// SPDX-License-Identifier: MIT
// What stands in a folder, by the system's calls (<filesystem> costs every includer), so that nothing that cannot be
// read is taken for nothing that is there.
#pragma once

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/system.hpp"

namespace ctnet::data::detail {

enum class Stands { folder, file, other, unreadable };  // other: a pipe, a device; unreadable: a link to nothing

struct Entry {
  std::string name;
  Stands what = Stands::other;
  io::detail::FileIdentity identity{};  // of what a link leads to
  bool operator<(const Entry& e) const { return name < e.name; }
};

// Errors that are the entry's own fault; any other (descriptors or memory that ran out, a disk that fails) is an Error.
inline bool own_fault(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EACCES || error == EPERM;
}

inline Entry look_at(const std::string& path, std::string name) {
  io::detail::FileStatus s{};
  Entry entry{std::move(name)};
  if (!io::detail::status_of(path, s)) {
    if (!own_fault(errno)) io::detail::fail_errno(path, "cannot be looked at", errno);
    entry.what = Stands::unreadable;
  } else {
    entry.what = io::detail::is_folder(s) ? Stands::folder : io::detail::is_regular(s) ? Stands::file : Stands::other;
    entry.identity = io::detail::identity_of(path, s);
  }
  return entry;
}

// Sorted by name, byte by byte; links are followed. Throws Error where the folder cannot be read to its end.
inline std::vector<Entry> list_folder(const std::string& path) {
  io::detail::FolderNames names(path);
  if (!names.is_open() && errno == ENOENT) fail(path, ": no such folder");
  if (!names.is_open()) io::detail::fail_errno(path, "cannot be opened", errno);
  std::vector<Entry> entries;
  for (std::string name;;) {
    if (!names.next(name)) {
      if (errno != 0) io::detail::fail_errno(path, "cannot be read to its end", errno);
      break;
    }
    if (name != "." && name != "..") entries.push_back(look_at(path + "/" + name, name));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace ctnet::data::detail
