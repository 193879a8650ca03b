// SPDX-License-Identifier: MIT
// read_file and replace_file: whole or not at all, whatever fails on the way.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/file.h>
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
  io::replace_file(path, "after");
  CHECK(text_of(path) == "after");
  CHECK(folder.names() == std::vector<std::string>{"a"});  // what the killed ones left is gone
}

TEST_CASE("what a killed writer of the same file left is removed, and nothing else") {
  TemporaryFolder folder;
  const std::string path = folder / "a", live = ".ctnet-a-77-1.tmp";
  for (const char* name : {".ctnet-a-77-0.tmp", ".ctnet-a-77-1.tmp", ".ctnet-b-77-0.tmp", ".ctnet-a-1-77-0.tmp",
                           ".ctnet-a-77-0.tmp2", ".ctnet-a-77-.tmp", ".ctnet-a-x-0.tmp", "a-77-0.tmp"})
    REQUIRE(::close(::open((folder / name).c_str(), O_WRONLY | O_CREAT, 0600)) == 0);
  REQUIRE(::symlink("nowhere", (folder / ".ctnet-a-78-0.tmp").c_str()) == 0);
  REQUIRE(::mkfifo((folder / ".ctnet-a-79-0.tmp").c_str(), 0600) == 0);
  const int writer = ::open((folder / live).c_str(), O_RDWR);  // of another process, say
  REQUIRE(::flock(writer, LOCK_EX) == 0);
  io::replace_file(path, "1");
  auto left = folder.names();
  std::sort(left.begin(), left.end());
  CHECK(left == std::vector<std::string>{".ctnet-a-1-77-0.tmp", ".ctnet-a-77-.tmp", ".ctnet-a-77-0.tmp2", live,
                                         ".ctnet-a-78-0.tmp", ".ctnet-a-x-0.tmp", ".ctnet-b-77-0.tmp", "a",
                                         "a-77-0.tmp"});
  ::close(writer);
  io::replace_file(path, "2");
  CHECK(::access((folder / live).c_str(), F_OK) != 0);
  const std::string long_name = folder / std::string(255, 'x');
  io::replace_file(long_name, "3");
  CHECK(text_of(long_name) == "3");
}

TEST_CASE("only what is surely absent is called absent") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  CHECK(!io::file_exists(path));
  io::replace_file(path, "1");
  CHECK(io::file_exists(path));
  CHECK(!io::file_exists(path + "/b"));
  const std::string loop = folder / "loop";
  REQUIRE(::symlink("loop", loop.c_str()) == 0);
  CHECK(message_of<Error>([&] { (void)io::file_exists(loop); }) ==
        loop + ": cannot be looked at: Too many levels of symbolic links");
  CHECK(has(message_of<Error>([&] { io::replace_file(loop, "x"); }), loop + ": cannot follow the link"));
  const std::string too_long = folder / std::string(300, 'x');
  CHECK(has(message_of<Error>([&] { (void)io::file_exists(too_long); }), "File name too long"));
}

TEST_CASE("where a file cannot be put is known before there is one, and nothing is left of the trial") {
  TemporaryFolder folder;
  const auto said = [](const std::string& path) { return message_of<Error>([&] { io::check_replaceable(path); }); };
  const std::string link = folder / "link";
  CHECK(said(folder / "a") == "");
  REQUIRE(::symlink("none/a", link.c_str()) == 0);
  CHECK(said(link) == link + ": cannot follow the link: No such file or directory");
  CHECK(said(folder / "none/a") == folder / "none/a" + ": cannot create a file beside it: No such file or directory");
  CHECK(has(said(folder.path), "Is a directory"));
  CHECK(has(said("/proc/a"), "/proc/a: cannot create a file beside it"));
  CHECK(folder.names() == std::vector<std::string>{"link"});
  io::replace_file(folder / "b", "1");
  REQUIRE(::unlink(link.c_str()) == 0);
  REQUIRE(::symlink("b", link.c_str()) == 0);
  CHECK(said(link) == "");
  CHECK(text_of(link) == "1");
}

TEST_CASE("pipes, devices and files without end are not read") {
  TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const auto said = [](const std::string& path) { return message_of<Error>([&] { (void)io::read_file(path); }); };
  CHECK(said(pipe) == pipe + ": is a pipe, expected a regular file");
  CHECK(said("/dev/zero") == "/dev/zero: is a device, expected a regular file");
  if (::access("/proc/self/status", R_OK) == 0) CHECK(!io::read_file("/proc/self/status").empty());
  io::replace_file(folder / "a", "12345");
  CHECK(io::read_file(folder / "a", 5).size() == 5);
  CHECK(message_of<Error>([&] { (void)io::read_file(folder / "a", 4); }) ==
        folder / "a" + ": has 5 bytes or more, expected at most 4");
}
