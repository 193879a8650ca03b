// SPDX-License-Identifier: MIT
// A folder of its own for a test, gone with the test.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

struct TemporaryFolder {
  std::string path;

  TemporaryFolder() {
    const char* base = std::getenv("TMPDIR");
    path = std::string(base && *base ? base : "/tmp") + "/ctnet-test-XXXXXX";
    if (!::mkdtemp(path.data())) std::abort();
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    for (const std::string& name : names()) ::unlink((*this / name).c_str());
    ::rmdir(path.c_str());
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    if (DIR* d = ::opendir(path.c_str())) {
      while (const dirent* e = ::readdir(d))
        if (const std::string n = e->d_name; n != "." && n != "..") all.push_back(n);
      ::closedir(d);
    }
    return all;
  }
};

// What the Error says that f() throws; empty where it throws none.
template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return {};
}
