// SPDX-License-Identifier: MIT
// Says what ran, and what the address is, when something touches memory that it may not; then the signal does its work.
#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "emulation.hpp"
#include "memory.hpp"
#include "runtime.hpp"
#include "scheduler.hpp"

namespace ctnet_device {
namespace {

struct sigaction before_segv, before_bus;

void on_fault(int number, siginfo_t* info, void*) {
  std::fprintf(stderr, "emulated device: no access to %p, %s\n", info->si_addr, describe(info->si_addr).c_str());
  if (running.launch)
    std::fprintf(stderr, "  kernel %s\n", running.launch->name);
  else
    std::fprintf(stderr, "  %s%s\n", operation ? "in " : "by host code", operation ? operation : "");
  if (running.thread)
    std::fprintf(stderr, "  block (%u, %u, %u), thread (%u, %u, %u)\n", blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x,
                 threadIdx.y, threadIdx.z);
  std::fflush(stderr);
  sigaction(number, number == SIGBUS ? &before_bus : &before_segv, nullptr);  // and the access is tried again
}

}  // namespace

// Again and again: frameworks for tests put their own handlers on top.
void trap_faults() {
  static unsigned char stack[1 << 16];
  static bool done = false;
  if (!done) {  // a fiber may have no stack left
    done = true;
    stack_t other{};
    other.ss_sp = stack;
    other.ss_size = sizeof stack;
    sigaltstack(&other, nullptr);
  }
  struct sigaction action {
  }, before{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGSEGV, SIGBUS}) {
    sigaction(number, &action, &before);
    const bool ours = (before.sa_flags & SA_SIGINFO) && before.sa_sigaction == on_fault;
    if (!ours) (number == SIGBUS ? before_bus : before_segv) = before;
  }
}

}  // namespace ctnet_device
