// SPDX-License-Identifier: MIT
// A contender is a program that answers requests, a line each on stdin, with a line of JSON each, until its input ends
// (support/contest.py asks). So all contenders stay warm side by side and can be measured in turns.
#pragma once

#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>

namespace bench {

// answer(words) reads the request's words from a stream and gives the reply.
template <class Answer>
int serve(Answer answer) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string reply;
    try {
      reply = answer(words);
    } catch (const std::exception& e) {
      reply = e.what();
      for (char& c : reply)
        if (c == '"' || c == '\\' || c == '\n') c = '\'';
      reply = "{\"error\": \"" + reply + "\"}";
    }
    std::printf("%s\n", reply.c_str());
    std::fflush(stdout);
  }
  return 0;
}

inline double clock_seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Calls of step() per second of wall time, and the CPU time used per second of it: 1 where one thread had a core to
// itself, less where it had to wait for others.
struct Rate {
  double per_second = 0, cpu_share = 0;
};

// Warms up for a fifth of the time, then counts.
template <class Step>
Rate measure(double seconds, Step step) {
  const auto now = [] { return clock_seconds(CLOCK_MONOTONIC); };
  for (const double end = now() + seconds / 5; now() < end;) step();
  const double start = now(), cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
  long steps = 0;
  double elapsed = 0;
  do {
    step();
    ++steps;
    elapsed = now() - start;
  } while (elapsed < seconds);
  return {static_cast<double>(steps) / elapsed, (clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / elapsed};
}

}  // namespace bench
