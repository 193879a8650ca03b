// SPDX-License-Identifier: MIT
#include "fiber.hpp"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "scheduler.hpp"

namespace ctnet_device {

using boost::context::detail::fcontext_t;
using boost::context::detail::transfer_t;

struct Fiber {
  fcontext_t context = nullptr;
};

namespace {

constexpr std::size_t stack_bytes = 128 * 1024, page_bytes = 4096;

Fiber host;
Fiber* now = &host;
std::vector<Fiber*> spare;

void entry(transfer_t from) {
  static_cast<Fiber*>(from.data)->context = from.fctx;
  fiber_body();
}

Fiber* make_fiber() {
  static std::vector<std::unique_ptr<Fiber>> all;
  void* stack = mmap(nullptr, stack_bytes + page_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, page_bytes, PROT_NONE) != 0) stop("no memory for the stack of a thread");
  all.push_back(std::make_unique<Fiber>());
  // Stacks start at different places in their pages: at the same, they would share few lines of the caches.
  const std::size_t shift = all.size() % 16 * 192;
  all.back()->context = boost::context::detail::make_fcontext(
      static_cast<unsigned char*>(stack) + page_bytes + stack_bytes - shift, stack_bytes - shift, entry);
  return all.back().get();
}

}  // namespace

Fiber* main_fiber() { return &host; }
Fiber* running_fiber() { return now; }

Fiber* fresh_fiber() {
  if (spare.empty()) return make_fiber();
  Fiber* f = spare.back();
  spare.pop_back();
  return f;
}

void resume(Fiber* to) {
  Fiber* self = now;
  now = to;
  const transfer_t from = boost::context::detail::jump_fcontext(to->context, self);
  static_cast<Fiber*>(from.data)->context = from.fctx;
}

void retire_and_resume(Fiber* to) {
  spare.push_back(now);
  resume(to);
}

}  // namespace ctnet_device
