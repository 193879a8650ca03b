// SPDX-License-Identifier: MIT
// A program that trains (programs/train_tool.cpp) is killed with SIGKILL at random moments and started again until it
// is finished. Its last checkpoint has the bits of an uninterrupted run's, but for the seconds that it took.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include <doctest/doctest.h>
#include <ctnet/core/random.hpp>
#include <ctnet/io/safetensors.hpp>

#include "io/temporary.hpp"

#ifdef CTNET_TRAIN_PROGRAM
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

enum class End { finished, killed, failed };

// Runs the program, and kills it after `seconds`, if it is still running then.
End run(const std::string& checkpoint, double seconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(CTNET_TRAIN_PROGRAM, "train_tool", checkpoint.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const auto start = Clock::now();
  int status = 0;
  bool over = false;
  while (!over && since(start) < seconds) {
    over = ::waitpid(child, &status, WNOHANG) == child;
    if (!over) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  if (!over) {
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
  }
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return End::killed;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? End::finished : End::failed;
}

void check_same_run(const std::string& a_path, const std::string& b_path) {
  const auto a = ctnet::io::Safetensors::open(a_path), b = ctnet::io::Safetensors::open(b_path);
  auto a_says = a.metadata(), b_says = b.metadata();
  for (auto* says : {&a_says, &b_says}) says->erase(ctnet::io::Checksum::key);  // of the seconds, too
  CHECK(a_says == b_says);
  REQUIRE(a.tensors().size() == b.tensors().size());
  for (const auto& t : a.tensors()) {
    CAPTURE(t.name);
    const auto* other = b.find(t.name);
    REQUIRE(other);
    CHECK(other->shape == t.shape);
    std::vector<unsigned char> x(a.bytes(t).begin(), a.bytes(t).end()),
        y(b.bytes(*other).begin(), b.bytes(*other).end());
    if (t.name == "training.epoch_values")  // without seconds and images_per_second, the last two of seven
      for (auto* bytes : {&x, &y})
        for (std::size_t row = 0; row + 56 <= bytes->size(); row += 56) std::memset(bytes->data() + row + 40, 0, 16);
    CHECK(x == y);
  }
}

}  // namespace
#endif

TEST_CASE("a run killed at any moment ends with the bits of one that was not") {
#ifndef CTNET_TRAIN_PROGRAM
  MESSAGE("skipped: CTNET_TRAIN_PROGRAM is not set");
#else
  TemporaryFolder whole, broken;
  const auto start = Clock::now();
  REQUIRE(run(whole / "run", 120) == End::finished);
  const double once = since(start);
  ctnet::Random random{ctnet::Seed{static_cast<std::uint64_t>(::getpid())}};
  int kills = 0, runs = 0, left_over = 0;
  // The moments are drawn from the time that a whole run takes, most of them early: each start gets on by a part.
  while (runs < 3 || (kills < 24 && since(start) < 30)) {
    const std::string path = broken / ("run" + std::to_string(runs++));
    for (int starts = 0;; ++starts) {
      REQUIRE(starts < 200);
      const bool last = starts >= 12;
      const End end = run(path, last ? 120 : once * random.uniform() * random.uniform());
      REQUIRE(end != End::failed);
      if (end == End::finished) break;
      ++kills;
    }
    check_same_run(whole / "run", path);
    ::unlink(path.c_str());
  }
  left_over = static_cast<int>(broken.names().size());
  MESSAGE(kills << " kills in " << runs << " runs of " << once << " s, " << left_over
                << " temporary files left by them, " << since(start) << " s in all");
  CHECK(kills >= 10);
#endif
}
