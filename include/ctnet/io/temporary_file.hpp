// SPDX-License-Identifier: MIT
// A new file beside the one that it is to replace. Where the file system can (O_TMPFILE), it has no name until it is
// whole, and a writer that is killed leaves nothing. Else, and for the moment before it is renamed, it is
// FOLDER/.ctnet-NAME-PID-N.tmp. Its writer holds it: one that nobody holds was left by a writer that was killed, and
// the next one of the same target removes it.
#pragma once

#include <string>
#include <string_view>

#include "system.hpp"

namespace ctnet::io::detail {

struct Place {
  std::string folder, name;
};
inline Place place_of(const std::string& path) {
  const std::size_t slash = last_slash(path);
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
  FolderNames names(place.folder);
  const std::string prefix = temporary_prefix(place);
  for (std::string name; names.is_open() && names.next(name);)
    if (name.starts_with(prefix) && temporary_ending(std::string_view(name).substr(prefix.size())))
      remove_unless_held(place.folder + "/" + name);
}

class TemporaryFile {
 public:
  // `target` is where it will go, `path` what errors call that. Nobody but the owner may read it until it is given the
  // target's mode. Throws Error where it cannot be made.
  [[gnu::cold]] TemporaryFile(const Place& target, const std::string& path, mode_t mode, bool may_be_nameless = true)
      : target_(target), file_(-1) {
    if (may_be_nameless) file_.fd = create_nameless(target.folder, mode).release();
    for (int i = 0; file_.fd < 0; ++i) {
      path_ = numbered(i);
      file_.fd = create_held(path_, mode).release();
      if (file_.fd < 0 && errno != EEXIST) {
        const int error = errno;
        path_.clear();
        fail_errno(path, "cannot create a file beside it", error);
      }
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) remove_held(file_, path_);
  }

  int fd() const { return file_.fd; }
  bool nameless() const { return path_.empty(); }
  // The error number, or 0. To be called after flush_file, which says all that close could.
  int rename_to(const std::string& target) {
    if (const int error = path_.empty() ? take_name() : 0) return error;
    if (const int error = rename_over(file_, path_, target)) return error;
    path_.clear();
    return 0;
  }

 private:
  std::string numbered(int i) const {
    return target_.folder + "/" + temporary_prefix(target_) + std::to_string(process_id()) + "-" + std::to_string(i) +
           ".tmp";
  }
  int take_name() {
    for (int i = 0;; ++i) {
      const std::string name = numbered(i);
      const int error = give_name(file_.fd, name);
      if (!error) path_ = name;
      if (error != EEXIST) return error;
    }
  }

  Place target_;
  Descriptor file_;
  std::string path_;  // empty: it has none
};

}  // namespace ctnet::io::detail
