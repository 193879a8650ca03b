// SPDX-License-Identifier: MIT
// The CPU backend, a policy: Cpu<float> (strict fp32) and Cpu<double>, and further policies as trailing types in any
// order: Cpu<float, OpenMP>, Cpu<float, Exact, OpenMP>. Hot loops go through foreach_target.hpp and use the widest
// vectors the CPU reports, whatever flags the program was built with.
#pragma once

#include <type_traits>

#include "../../core/flags.hpp"
#include "../reference/reference.hpp"
#include "bfloat16.hpp"

namespace ctnet {

// Runs on threads (get_num_threads() of them) where the program is built with -fopenmp. The same bits for any number.
struct CTNET_BY_THREADS OpenMP {};
// No algorithm that gives up accuracy for speed: no Winograd F(4x4, 3x3). That one mixes the 6 x 6 pixels around each
// 4 x 4 outputs: an infinity or a number near the largest (1e38) makes NaN of outputs that do not see it, and beside an
// outlier such as -9999 for "no measurement" its error is relative to the outlier, not to the output. Deployed networks
// keep F(2x2, 3x3), within fp32's own rounding for ordinary numbers, which does the same among 4 x 4 pixels.
struct Exact {};
// The fast mode that is nearly fp32: products of floats split into bfloat16 parts, summed in fp32.
struct SplitBf16 {};

namespace detail {
template <class P, class... Policies>
inline constexpr int times = (0 + ... + std::is_same_v<P, Policies>);

// Kernels are written for Cpu<T>, or for a policy of accuracy; that there are threads is nothing to them.
template <class T, bool Threads, bool Accuracy, class... Policies>
struct CpuFallback;
}  // namespace detail

template <class T = float, class... Policies>
struct CTNET_BY_TARGETS Cpu {
  static_assert(((detail::times<Policies, OpenMP, Exact, SplitBf16> == 1) && ...),
                "Cpu: an unknown policy; there are OpenMP, Exact and SplitBf16");
  static_assert(((detail::times<Policies, Policies...> == 1) && ...), "Cpu: a policy is given twice");

  using scalar = T;
  static constexpr bool threads = detail::times<OpenMP, Policies...> > 0;
  static constexpr bool exact = detail::times<Exact, Policies...> > 0;
  static constexpr bool split_bf16 = detail::times<SplitBf16, Policies...> > 0;
  static_assert(!(exact && split_bf16), "Cpu: the policies Exact and SplitBf16 exclude each other");
  static constexpr bool flush_denormals = true;  // within a step

  using fallback = typename detail::CpuFallback<T, threads, exact || split_bf16, Policies...>::type;
  template <class U>
  using buffer = Buffer<U>;
};

// Deployed networks only: the factors of products are rounded to bfloat16 where that is faster, all else is fp32.
template <class... Policies>
struct Cpu<bfloat16, Policies...> : Cpu<float, Policies...> {
  static_assert(!Cpu<float, Policies...>::exact && !Cpu<float, Policies...>::split_bf16,
                "Cpu<bfloat16>: Exact and SplitBf16 are policies of Cpu<float>");
  using fallback = Cpu<float>;
  static constexpr bool bf16 = true;
};

namespace detail {
template <class T, class... Policies>
struct CpuFallback<T, false, false, Policies...> {
  using type = Reference<T>;
};
template <class T, class... Policies>
struct CpuFallback<T, false, true, Policies...> {
  using type = Cpu<T>;
};
template <class T, bool Accuracy, class... Policies>
struct CpuFallback<T, true, Accuracy, Policies...> {
  using type = std::conditional_t<times<Exact, Policies...> != 0, Cpu<T, Exact>,
                                  std::conditional_t<times<SplitBf16, Policies...> != 0, Cpu<T, SplitBf16>, Cpu<T>>>;
};
}  // namespace detail

namespace cpu {
// Whether a backend has asked for threads.
template <class B>
constexpr bool has_threads() {
  if constexpr (requires { B::threads; }) return B::threads;
  return false;
}
}  // namespace cpu

}  // namespace ctnet
