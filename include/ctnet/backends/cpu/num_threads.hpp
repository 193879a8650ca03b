// SPDX-License-Identifier: MIT
// How many threads a parallel region gets. No header that throws or allocates: infer.hpp includes this.
#pragma once

#include <atomic>
#ifdef _OPENMP
#  include <omp.h>
#  if defined(__unix__) || defined(__APPLE__)
#    include <unistd.h>
#  endif
#endif

#include "../../core/flags.hpp"

namespace ctnet {

namespace detail {
inline constinit std::atomic<int> num_threads{0};  // 0: what OpenMP says
}

// How many threads a backend with the policy OpenMP uses, for the whole program: OpenMP's own number (the cores, or
// OMP_NUM_THREADS) until it is set; always 1 in units built without OpenMP.
CTNET_BY_THREADS inline int get_num_threads() noexcept {
#ifdef _OPENMP
  const int n = detail::num_threads.load(std::memory_order_relaxed);
  return n > 0 ? n : omp_get_max_threads();
#else
  return 1;
#endif
}

namespace cpu {

#ifdef _OPENMP
namespace detail {
inline constinit std::atomic<long> process{0};  // that started threads first

// Whether this process may: one forked from a process with threads has none of them, and g++'s OpenMP would wait for
// them for ever.
inline bool may_start_threads() noexcept {
#  if defined(__unix__) || defined(__APPLE__)
  const long own = static_cast<long>(getpid());
  long first = 0;
  return process.compare_exchange_strong(first, own, std::memory_order_relaxed) || first == own;
#  else
  return true;
#  endif
}
}  // namespace detail
#endif

// How many threads `most` pieces of work run on. One inside somebody's parallel region, and in a forked process whose
// parent had threads.
CTNET_BY_THREADS inline int workers_for([[maybe_unused]] bool threads, [[maybe_unused]] int most) noexcept {
#ifdef _OPENMP
  if (threads && most > 1 && !omp_in_parallel()) {
    const int n = get_num_threads();
    if (n > 1 && detail::may_start_threads()) return n < most ? n : most;
  }
#endif
  return 1;
}

}  // namespace cpu
}  // namespace ctnet
