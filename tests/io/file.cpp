// SPDX-License-Identifier: MIT
// read_file and replace_file: whole or not at all, whatever fails on the way.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ctnet/io/file.hpp>

#include <algorithm>
#include <random>

#include "temporary.hpp"

using namespace ctnet;

namespace {

std::string text_of(const std::string& path) {
  const io::Bytes b = io::read_file(path);
  return {b.begin(), b.end()};
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a file is replaced by its pieces and read back") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  const io::Bytes big(1 << 20, 7);
  io::replace_file(path, {io::bytes_of("head"), {}, big});
  CHECK(io::read_file(path).size() == 4 + big.size());
  io::replace_file(path, "short");
  CHECK(text_of(path) == "short");
  io::replace_file(path, "");
  CHECK(io::read_file(path).empty());
  CHECK(folder.names().size() == 1);
}

TEST_CASE("a relative path, permissions and links are kept") {
  TemporaryFolder folder;
  const std::string path = folder / "a", link = folder / "link";
  io::replace_file(path, "1");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  REQUIRE(::symlink("a", link.c_str()) == 0);
  io::replace_file(link, "2");
  struct stat s;
  REQUIRE(::lstat(link.c_str(), &s) == 0);
  CHECK(S_ISLNK(s.st_mode));
  REQUIRE(::stat(path.c_str(), &s) == 0);
  CHECK((s.st_mode & 07777) == 0640);
  CHECK(text_of(path) == "2");

  char here[4096];
  REQUIRE(::getcwd(here, sizeof here));
  REQUIRE(::chdir(folder.path.c_str()) == 0);
  io::replace_file("a", "3");
  REQUIRE(::chdir(here) == 0);
  CHECK(text_of(path) == "3");
}

TEST_CASE("what cannot be read or written is an Error with path and reason") {
  TemporaryFolder folder;
  const auto error = [](auto f) { return message_of<Error>(f); };
  const std::string missing = folder / "none/x";
  CHECK(error([&] { (void)io::read_file(missing); }) == missing + ": cannot open: No such file or directory");
  CHECK(error([&] { (void)io::read_file(folder.path); }) == folder.path + ": cannot read: Is a directory");
  CHECK(has(error([&] { io::replace_file(missing, "x"); }), missing + ": cannot create"));
  CHECK(has(error([&] { io::replace_file(folder.path, "x"); }), "Is a directory"));
  if (::access("/dev/full", W_OK) == 0)
    CHECK(error([] { io::replace_file("/dev/full", "x"); }) == "/dev/full: cannot write: No space left on device");
}

TEST_CASE("a write that fails half-way leaves the old file and no temporary") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  io::replace_file(path, "old");
  // In a child, because the limit on file sizes holds for the whole process.
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const io::Bytes big(1 << 20, 1);
    const std::string said = message_of<Error>([&] { io::replace_file(path, {big}); });
    ::_exit(said == path + ": cannot write: File too large" ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK(text_of(path) == "old");
  CHECK(folder.names() == std::vector<std::string>{"a"});
}

TEST_CASE("a writer killed at any moment leaves one of the versions whole") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  std::mt19937 random(1);
  int versions_seen = 0, last = -1;
  for (int kill = 0; kill < 25; ++kill) {
    const pid_t child = ::fork();
    if (child == 0)
      for (unsigned v = 0;; ++v) {
        const io::Bytes bytes(200'000 + v % 200, static_cast<unsigned char>(v % 200));
        io::replace_file(path, {bytes});
      }
    ::usleep(static_cast<unsigned>(1000 + random() % 20'000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (!io::file_exists(path)) continue;
    const io::Bytes bytes = io::read_file(path);
    REQUIRE(!bytes.empty());
    CHECK(bytes.size() == 200'000u + bytes[0]);
    CHECK(std::all_of(bytes.begin(), bytes.end(), [&](unsigned char b) { return b == bytes[0]; }));
    versions_seen += bytes[0] != last;
    last = bytes[0];
  }
  CHECK(versions_seen > 0);
  io::replace_file(path, "after");  // what the killed ones left beside it does not matter
  CHECK(text_of(path) == "after");
}
