// SPDX-License-Identifier: MIT
// ImageFolder: DIR/class/.../*.png or .jpg, one folder for each class, classes and files sorted by name as torchvision
// sorts them. Files are decoded when they are asked for.
#pragma once

#include <cerrno>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/system.hpp"
#include "decode.hpp"
#include "list_folder.hpp"
#include "sample.hpp"

namespace ctnet::data {

inline namespace CTNET_PICTURES {

// Channels: 3 for colours, 1 for grey; every file is made so when it is decoded.
template <int Channels>
class ImageFolderOf : public Get<ImageFolderOf<Channels>> {
  static_assert(Channels == 1 || Channels == 3, "an ImageFolder has 1 channel (grey) or 3 (RGB)");

 public:
  static constexpr Shape shape{Channels, any_size, any_size};

  // Reads the first bytes of every file; what is no PNG or JPEG, has no header or cannot be opened is left out and
  // counted. Throws Error where the folder is missing, has no folders in it or a link to nothing, where a class has no
  // images or a folder of it comes twice, by links, and where the system cannot tell what is there.
  explicit ImageFolderOf(const std::string& path, const DecodeOptions& options = {}) : options_(options) {
    const detail::Entry root = detail::look_at(path, path);
    for (const auto& entry : detail::list_folder(path)) {
      if (entry.what == detail::Stands::unreadable)
        fail(path, "/", entry.name, ": a link to nothing, or out of reach; it may have been a class");
      if (entry.what == detail::Stands::folder) names_.push_back(entry.name);
    }
    if (names_.empty()) fail(path, ": no folders in it, expected one for each class");
    for (std::size_t k = 0; k < names_.size(); ++k) {
      const std::size_t before = files_.size(), skipped = skipped_.size();
      Seen seen{{root.identity, path}};
      const std::string folder = path + "/" + names_[k];
      add(folder, detail::look_at(folder, names_[k]), static_cast<int>(k), seen);
      if (files_.size() == before)
        fail(folder, ": no PNG or JPEG images (", skipped_.size() - skipped, " other files), expected one or more");
    }
    for (const std::string& name : names_) classes_.push_back(name.c_str());
  }
  ImageFolderOf(const ImageFolderOf&) = delete;
  ImageFolderOf(ImageFolderOf&&) noexcept = default;

  std::size_t size() const { return files_.size(); }
  int label(std::size_t i) const { return files_[i].label; }
  const std::string& path(std::size_t i) const { return files_[i].path; }
  // Throws Error naming the file where it cannot be decoded.
  void read(std::size_t i, Sample& sample) const {
    sample.label = label(i);
    read_image(path(i), Channels, sample.image, options_);
  }
  std::span<const char* const> classes() const { return classes_; }
  // The files that were left out.
  const std::vector<std::string>& skipped() const { return skipped_; }

 private:
  struct File {
    std::string path;
    int label;
  };

  using Seen = std::map<io::detail::FileIdentity, std::string>;  // each folder of a class, so that webs of links end

  void add(const std::string& folder, const detail::Entry& is, int label, Seen& seen) {
    const auto [first, fresh] = seen.emplace(is.identity, folder);
    if (!fresh && io::detail::known(is.identity)) fail(folder, ": is the folder ", first->second, " again, by a link");
    const std::vector<detail::Entry> entries = detail::list_folder(folder);
    for (const auto& entry : entries) {
      const std::string path = folder + "/" + entry.name;
      if (entry.what == detail::Stands::folder) continue;
      if (entry.what == detail::Stands::file && usable(path))
        files_.push_back({path, label});
      else
        skipped_.push_back(path);
    }
    for (const auto& entry : entries)
      if (entry.what == detail::Stands::folder) add(folder + "/" + entry.name, entry, label, seen);
  }
  static bool usable(const std::string& path) {
    const io::detail::Descriptor file = io::detail::open_to_look(path);
    if (file.fd < 0 && !detail::own_fault(errno)) io::detail::fail_errno(path, "cannot open", errno);
    if (file.fd < 0) return false;
    detail::FileBytes bytes(file.fd, path);
    return detail::tells_its_size(bytes);
  }

  DecodeOptions options_;
  std::vector<std::string> names_;
  std::vector<const char*> classes_;
  std::vector<File> files_;
  std::vector<std::string> skipped_;
};

using ImageFolder = ImageFolderOf<3>;
using GreyImageFolder = ImageFolderOf<1>;

}  // namespace CTNET_PICTURES

}  // namespace ctnet::data
