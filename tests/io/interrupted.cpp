// SPDX-License-Identifier: MIT
// replace_file, killed before, in and after each of the system's calls that it makes, and with each of them failing,
// falling short or broken into by a signal: the file is the old or the new one whole, an error names it and leaves
// nothing beside it, and the next writer clears up what a killed one left. The calls are this program's own, which pass
// on to the system's: a definition in the program goes before the library's.
#include <dlfcn.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <ctnet/io/file.hpp>

#include <cstdarg>
#include <cstdio>

#include "temporary.hpp"

using namespace ctnet;

namespace {

enum Act { pass, kill_before, kill_half, kill_after, fall_short, fail_with };
struct {
  int at = 0, calls = 0;  // the call that is acted on, from 1; 0: none, and no call is counted
  bool always = false;    // that call and all after it, one in two
  bool named = false;     // there is no O_TMPFILE
  Act act = pass;
  int error = 0;
} plan;

bool hit() {
  if (plan.at == 0) return false;
  ++plan.calls;
  return plan.always ? plan.calls % 2 == 1 : plan.calls == plan.at;
}

// The real call, by its name; call(f) makes it, half(f) makes a part of it.
template <class F, class Call, class Half>
auto acted(const char* name, F*, const Call& call, const Half& half) {
  static_assert(sizeof(void*) == sizeof(F*));
  void* const symbol = ::dlsym(RTLD_NEXT, name);
  F* real = nullptr;
  std::memcpy(&real, &symbol, sizeof real);
  if (!hit()) return call(real);
  if (plan.act == kill_before) ::raise(SIGKILL);
  if (plan.act == fail_with) {
    errno = plan.error;
    return static_cast<decltype(call(real))>(-1);
  }
  if (plan.act == kill_half) half(real), ::raise(SIGKILL);
  if (plan.act == fall_short) return half(real);
  const auto result = call(real);
  if (plan.act == kill_after) ::raise(SIGKILL);
  return result;
}
template <class F, class Call>
auto acted(const char* name, F* f, const Call& call) {
  return acted(name, f, call, call);
}

}  // namespace

extern "C" {
ssize_t write(int fd, const void* bytes, std::size_t n) {
  return acted(
      "write", &write, [&](auto* real) { return real(fd, bytes, n); },
      [&](auto* real) { return real(fd, bytes, n > 1 ? n / 2 : n); });
}
ssize_t read(int fd, void* bytes, std::size_t n) {
  return acted(
      "read", &read, [&](auto* real) { return real(fd, bytes, n); },
      [&](auto* real) { return real(fd, bytes, n > 1 ? n / 2 : n); });
}
int fsync(int fd) {
  return acted("fsync", &fsync, [&](auto* real) { return real(fd); });
}
int rename(const char* from, const char* to) noexcept {
  return acted("rename", &rename, [&](auto* real) { return real(from, to); });
}
int linkat(int at, const char* from, int to_at, const char* to, int flags) noexcept {
  return acted("linkat", &linkat, [&](auto* real) { return real(at, from, to_at, to, flags); });
}
int stat(const char* path, struct stat* s) noexcept {
  using Stat = int(const char*, struct stat*);
  return acted("stat", static_cast<Stat*>(nullptr), [&](auto* real) { return real(path, s); });
}
int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
    va_list rest;
    va_start(rest, flags);
    mode = static_cast<mode_t>(va_arg(rest, unsigned));
    va_end(rest);
  }
  if (plan.named && (flags & O_TMPFILE) == O_TMPFILE) return errno = EOPNOTSUPP, -1;
  return acted("open", &open, [&](auto* real) { return real(path, flags, mode); });
}
}

namespace {

const io::Bytes old_bytes(3000, 1), new_head(5, 2), new_rest(4000, 3);
const std::vector<io::ByteSpan> pieces{new_head, {}, new_rest};

bool is_old(const io::Bytes& b) { return b == old_bytes; }
bool is_new(const io::Bytes& b) {
  return b.size() == 4005 && std::equal(new_head.begin(), new_head.end(), b.begin()) &&
         std::equal(new_rest.begin(), new_rest.end(), b.begin() + 5);
}

// What became of a child that replaced the file with its call `at` acted on: 0 done, 1 an Error that names the file,
// 137 killed, 3 there is no such call.
int replaced_by_child(const std::string& path, int at, Act act, int error, bool named) {
  const pid_t child = ::fork();
  if (child == 0) {
    plan = {at, 0, false, named, act, error};
    int result = 0;
    try {
      io::replace_file(path, pieces);
    } catch (const Error& e) {
      result = std::string(e.what()).starts_with(path + ": ") ? 1 : 2;
    }
    ::_exit(result == 0 && plan.calls < at ? 3 : result);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a save that is broken off, or refused by the system, at any of its calls") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  int kills = 0, errors = 0, done = 0;
  const struct {
    Act act;
    int error;
  } acts[] = {{kill_before, 0}, {kill_half, 0},      {kill_after, 0},     {fall_short, 0},
              {fail_with, EIO}, {fail_with, ENOSPC}, {fail_with, EACCES}, {fail_with, EINTR}};
  for (const bool named : {false, true})
    for (const auto& [act, error] : acts)
      for (int at = 1;; ++at) {
        CAPTURE(named);
        CAPTURE(act);
        CAPTURE(error);
        CAPTURE(at);
        REQUIRE(at < 40);
        io::replace_file(path, {old_bytes});
        const int end = replaced_by_child(path, at, act, error, named);
        if (end == 3) {
          REQUIRE(at > 6);  // stat, open, 2 writes, fsync, rename at least
          break;
        }
        const io::Bytes now = io::read_file(path);
        REQUIRE((is_old(now) || is_new(now)));
        const bool kill = act == kill_before || act == kill_half || act == kill_after;
        REQUIRE(end == (kill ? 128 + SIGKILL : end == 1 ? 1 : 0));
        if (end == 0) CHECK(is_new(now));
        if (act == fall_short || error == EINTR) CHECK(end == 0);
        if (!kill) CHECK(folder.names() == std::vector<std::string>{"a"});
        kills += kill, errors += end == 1, done += end == 0;
      }
  io::replace_file(path, {old_bytes});
  CHECK(folder.names() == std::vector<std::string>{"a"});
  CHECK(kills > 20);
  CHECK(errors > 15);
  CHECK(done > 10);
}

TEST_CASE("a signal at every other call, and reads that fall short") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  io::replace_file(path, {old_bytes});
  plan = {1, 0, true, false, fail_with, EINTR};
  io::replace_file(path, pieces);
  const bool there = io::file_exists(path);
  const io::Bytes b = io::read_file(path);
  plan.act = fall_short;
  const io::Bytes again = io::read_file(path);
  plan = {};
  CHECK(there);
  CHECK(is_new(b));
  CHECK(is_new(again));
}

TEST_CASE("a look at a file that fails is no absence") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  io::replace_file(path, "1");
  plan = {1, 0, false, false, fail_with, EIO};
  const std::string said = message_of<Error>([&] { (void)io::file_exists(path); });
  plan = {};
  CHECK(said == path + ": cannot be looked at: Input/output error");
}

TEST_CASE("a file that only its owner may read has no moment in which others may") {
  TemporaryFolder folder;
  const std::string path = folder / "a";
  io::replace_file(path, {old_bytes});
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  const mode_t before = ::umask(0);
  for (const bool named : {false, true})
    for (int at = 1;; ++at) {
      const int end = replaced_by_child(path, at, kill_before, 0, named);
      if (end == 3) break;
      for (const std::string& name : folder.names()) {
        struct stat s;
        REQUIRE(::lstat((folder / name).c_str(), &s) == 0);
        CHECK((s.st_mode & 077) == 0);
      }
    }
  ::umask(before);
}
