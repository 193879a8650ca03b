// SPDX-License-Identifier: MIT
// Threads of the CPU, the compiler's OpenMP (-fopenmp); in a program built without it everything runs on the caller's
// thread and gives the same bits. Work is cut into chunks by its size alone, never by the number of threads.
#pragma once

#include <exception>

#include "../../core/error.hpp"
#include "../../core/shape.hpp"
#include "cpu.hpp"
#include "denormals.hpp"
#include "num_threads.hpp"

namespace ctnet {

// See get_num_threads (num_threads.hpp).
CTNET_BY_EXCEPTIONS inline void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads: ", n, " threads, expected 1 or more");
  detail::num_threads.store(n, std::memory_order_relaxed);
}

namespace cpu {

// Whether a function may use threads.
struct CTNET_BY_THREADS Threads {
  bool on = false;
};

namespace detail {
#ifdef _OPENMP
inline void run_on_threads(int workers, int chunks, void (*run)(const void*, int, int), const void* f) {
  int failed = chunks;
  std::exception_ptr error;
  const DenormalsOutside outside;
#  pragma omp parallel num_threads(workers)
  {
    const FlushDenormals flush;
#  pragma omp for schedule(dynamic, 1)
    for (int k = 0; k < chunks; ++k) {
      try {
        run(f, k, omp_get_thread_num());
      } catch (...) {
#  pragma omp critical(ctnet_error)
        if (k < failed) {
          failed = k;
          error = std::current_exception();
        }
      }
    }
  }
  if (error) std::rethrow_exception(error);
}
#endif
}  // namespace detail

// f(chunk, worker) for every chunk, worker < workers (from workers_for). Denormals are zero on workers. Where calls
// throw, the error of the first chunk that did leaves, once all have ended.
template <class F>
CTNET_BY_THREADS void each_chunk([[maybe_unused]] int workers, int chunks, const F& f) {
#ifdef _OPENMP
  if (workers > 1)
    return detail::run_on_threads(
        workers, chunks, [](const void* g, int k, int worker) { (*static_cast<const F*>(g))(k, worker); }, &f);
#endif
  for (int k = 0; k < chunks; ++k) f(k, 0);
}

// n items in pieces of a size that depends on n alone: at least `least` of them, and at most 64 pieces.
struct Pieces {
  static constexpr int most = 64;
  i64 n, size;

  constexpr Pieces(i64 n_, i64 least) : n(n_), size(least < 1 ? 1 : least) {
    if (i64{most} * size < n) size = ((n + most - 1) / most + size - 1) / size * size;  // a multiple of `least`
  }
  constexpr int count() const { return static_cast<int>((n + size - 1) / size); }
};

// f(from, to) for every piece.
template <class F>
CTNET_BY_THREADS void each_piece(bool threads, const Pieces& p, const F& f) {
  each_chunk(workers_for(threads, p.count()), p.count(), [&](int k, int) {
    const i64 from = k * p.size;
    f(from, from + p.size < p.n ? from + p.size : p.n);
  });
}
// The sum of f(from, to), added in order.
template <class F>
CTNET_BY_THREADS double sum_pieces(bool threads, const Pieces& p, const F& f) {
  double part[Pieces::most];
  each_piece(threads, p, [&](i64 from, i64 to) { part[from / p.size] = f(from, to); });
  double sum = 0;
  for (int k = 0; k < p.count(); ++k) sum += part[k];
  return sum;
}

}  // namespace cpu
}  // namespace ctnet
