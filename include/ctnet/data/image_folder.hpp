// SPDX-License-Identifier: MIT
// ImageFolder: DIR/class/.../*.png or .jpg, one folder for each class, classes and files sorted by name as torchvision
// sorts them. Files are decoded when they are asked for. POSIX directories; <filesystem> only where there are none.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#if __has_include(<dirent.h>)
#  include <dirent.h>
#  include <sys/stat.h>
#else
#  include <filesystem>
#endif

#include "../core/error.hpp"
#include "../io/file.hpp"
#include "decode.hpp"
#include "sample.hpp"

namespace ctnet::data {

namespace detail {

struct Entry {
  std::string name;
  bool folder = false;
  bool operator<(const Entry& other) const { return name < other.name; }
};

// What stands in a folder, sorted by name byte by byte; links are followed. False where it cannot be opened.
inline bool list_folder(const std::string& path, std::vector<Entry>& entries) {
#if __has_include(<dirent.h>)
  struct Close {
    void operator()(DIR* d) const { closedir(d); }
  };
  const std::unique_ptr<DIR, Close> folder{opendir(path.c_str())};
  if (!folder) return false;
  while (const dirent* entry = readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (stat((path + "/" + name).c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode) || S_ISREG(status.st_mode)) entries.push_back({name, S_ISDIR(status.st_mode)});
  }
#else
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    entries.push_back({entry.path().filename().string(), entry.is_directory()});
  if (error) return false;
#endif
  std::sort(entries.begin(), entries.end());
  return true;
}

}  // namespace detail

// Channels: 3 for colours, 1 for grey; every file is made so when it is decoded.
template <int Channels>
class ImageFolderOf : public Get<ImageFolderOf<Channels>> {
  static_assert(Channels == 1 || Channels == 3, "an ImageFolder has 1 channel (grey) or 3 (RGB)");

 public:
  static constexpr Shape shape{Channels, any, any};

  // Reads the first bytes and the size of every file; what is no PNG or JPEG, or has a broken header, is left out and
  // counted. Throws Error where the folder is missing, has no folders in it, or a class has no images.
  explicit ImageFolderOf(const std::string& path) {
    std::vector<detail::Entry> entries;
    if (!detail::list_folder(path, entries)) fail(path, ": no such folder");
    for (const auto& entry : entries)
      if (entry.folder) names_.push_back(entry.name);
    if (names_.empty()) fail(path, ": no folders in it, expected one for each class");
    for (std::size_t k = 0; k < names_.size(); ++k) {
      const std::size_t before = files_.size(), skipped = skipped_.size();
      add(path + "/" + names_[k], static_cast<int>(k), 0);
      if (files_.size() == before)
        fail(path, "/", names_[k], ": no PNG or JPEG images (", skipped_.size() - skipped,
             " other files), expected one or more");
    }
    for (const std::string& name : names_) classes_.push_back(name.c_str());
  }
  ImageFolderOf(const ImageFolderOf&) = delete;
  ImageFolderOf(ImageFolderOf&&) = default;

  std::size_t size() const { return files_.size(); }
  int label(std::size_t i) const { return files_[i].label; }
  const std::string& path(std::size_t i) const { return files_[i].path; }
  // Throws Error naming the file where it cannot be decoded.
  void read(std::size_t i, Sample& sample) const {
    sample.label = label(i);
    decode(io::read_file(path(i)), Channels, path(i), sample.image);
  }
  std::span<const char* const> classes() const { return classes_; }
  // The files that were left out.
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  struct File {
    std::string path;
    int label;
  };

  void add(const std::string& folder, int label, int depth) {
    if (depth > 32) fail(folder, ": folders nested deeper than 32; a link that leads back?");
    std::vector<detail::Entry> entries;
    if (!detail::list_folder(folder, entries)) fail(folder, ": cannot be opened");
    for (const auto& entry : entries) {
      const std::string path = folder + "/" + entry.name;
      if (!entry.folder) usable(path) ? files_.push_back({path, label}) : skipped_.push_back(path);
    }
    for (const auto& entry : entries)
      if (entry.folder) add(folder + "/" + entry.name, label, depth + 1);
  }
  static bool usable(const std::string& path) {
    struct Close {
      void operator()(std::FILE* f) const { std::fclose(f); }
    };
    const std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "rb")};
    unsigned char head[8] = {};
    if (!file) return false;
    const std::size_t n = std::fread(head, 1, sizeof head, file.get());
    if (kind_of({head, n}) == FileKind::other) return false;
    std::rewind(file.get());
    int w = 0, h = 0, c = 0;
    return stbi_info_from_file(file.get(), &w, &h, &c) != 0;
  }

  std::vector<std::string> names_;
  std::vector<const char*> classes_;
  std::vector<File> files_;
  std::vector<std::string> skipped_;
};

using ImageFolder = ImageFolderOf<3>;
using GreyImageFolder = ImageFolderOf<1>;

}  // namespace ctnet::data
