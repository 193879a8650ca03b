// SPDX-License-Identifier: MIT
// Each unit keeps what its flags ask for, in whatever order the linker meets them.
#include "units.hpp"

#include <ctnet/backends/cpu/threads.hpp>

#include <cmath>
#include <cstdio>
#include <cstring>

int main() {
  const char* best = ctnet::cpu::name(ctnet::cpu::target());
  ctnet::set_num_threads(3);
  const Answer all = with_everything();
  int wrong = 0;
  const auto expect = [&](const char* unit, const Answer& a, int threads, const char* target) {
    if (a.threads == threads && a.workers == threads && std::strcmp(a.target, target) == 0 && a.score >= 0 &&
        std::abs(a.score - all.score) < 1e-5f)
      return;
    ++wrong;
    std::printf("%s: %d threads, %d workers, target %s, score %g; expected %d, %s, %g\n", unit, a.threads, a.workers,
                a.target, static_cast<double>(a.score), threads, target, static_cast<double>(all.score));
  };
#ifdef _OPENMP
  constexpr int three = 3;
#else
  constexpr int three = 1;
#endif
  expect("with everything", all, three, best);
  expect("without exceptions", without_exceptions(), three, best);
  expect("without threads", without_threads(), 1, best);
  expect("without targets", without_targets(), three, "base");
  bool caught = false;
  try {
    ctnet::set_num_threads(0);
  } catch (const ctnet::Error&) {
    caught = true;
  }
  return wrong + !caught;
}
