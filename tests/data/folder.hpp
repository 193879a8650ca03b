// SPDX-License-Identifier: MIT
// A folder with files for a test, gone with the test, and pictures to put into it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "picture_files.hpp"

#ifndef CTNET_DATA_DIR
#  define CTNET_DATA_DIR ""
#endif

struct Folder {
  std::string path;

  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ctnet-data-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }

  std::string operator/(const std::string& name) const { return path + "/" + name; }
  void folder(const std::string& name) const { std::filesystem::create_directories(path + "/" + name); }
  void write(const std::string& name, const std::vector<unsigned char>& bytes) const {
    std::ofstream(path + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  // c channels, w x h, all of one value.
  void png(const std::string& name, int w, int h, int c, unsigned char value) const {
    write(name, picture_files::png(h, w, c, value));
  }
  void jpeg(const std::string& name, int w, int h, unsigned char value) const {
    write(name, picture_files::jpeg(h, w, value));
  }
};
