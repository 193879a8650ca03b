// SPDX-License-Identifier: MIT
// Stacks of threads, taken again and again, with an inaccessible page below each.
#pragma once

namespace ctnet_device {

struct Fiber;

Fiber* main_fiber();  // the host's thread
Fiber* running_fiber();
Fiber* fresh_fiber();               // one that runs fiber_body(), or goes on within it after retire_and_resume
void resume(Fiber* to);             // back when somebody resumes the caller's
void retire_and_resume(Fiber* to);  // and the caller's becomes a fresh one

[[noreturn]] void fiber_body();  // the scheduler's

}  // namespace ctnet_device
