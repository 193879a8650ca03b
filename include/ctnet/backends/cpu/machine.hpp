// SPDX-License-Identifier: MIT
// Which instructions the hot loops may use: asked of the CPU once, at the first call, without a lock or a static
// constructor. Every hot loop exists once per target (foreach_target.hpp); CTNET_PICK takes the best one allowed.
// -DCTNET_NO_AVX512 and -DCTNET_NO_AVX2 leave targets out, for smaller programs.
#pragma once

#include <atomic>

#include "../../core/flags.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#  if !defined(CTNET_NO_AVX2)
#    define CTNET_HAS_AVX2 1
#  endif
#  if !defined(CTNET_NO_AVX512) && !defined(CTNET_NO_AVX2)
#    define CTNET_HAS_AVX512 1
#  endif
#endif

namespace ctnet::cpu {

enum class Target : int { base, avx2, avx512 };

namespace detail {
inline constinit std::atomic<int> target{-1};  // of the program, whatever a unit has code for

inline Target ask_cpu() {
  Target best = Target::base;
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    best = Target::avx2;
  if (best == Target::avx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq"))
    best = Target::avx512;
#endif
  return best;
}
}  // namespace detail

// The target in use, the best that this unit has code for.
CTNET_BY_TARGETS inline Target target() {
  int t = detail::target.load(std::memory_order_relaxed);
  if (t < 0) detail::target.store(t = static_cast<int>(detail::ask_cpu()), std::memory_order_relaxed);
#if CTNET_HAS_AVX512
  constexpr Target most = Target::avx512;
#elif CTNET_HAS_AVX2
  constexpr Target most = Target::avx2;
#else
  constexpr Target most = Target::base;
#endif
  return static_cast<Target>(t) < most ? static_cast<Target>(t) : most;
}

// Uses at most `most` from now on (tests and measurements); what the CPU lacks stays out.
inline void limit_target(Target most) {
  const Target best = detail::ask_cpu();
  detail::target.store(static_cast<int>(most < best ? most : best), std::memory_order_relaxed);
}

inline const char* name(Target t) { return t == Target::avx512 ? "avx512" : t == Target::avx2 ? "avx2" : "base"; }

}  // namespace ctnet::cpu

// CTNET_PICK(gemm<T>)(...) calls the version of ctnet::<target>::gemm<T> for the target in use.
#if CTNET_HAS_AVX512
#  define CTNET_PICK(...)                                                                   \
    (::ctnet::cpu::target() == ::ctnet::cpu::Target::avx512 ? &::ctnet::avx512::__VA_ARGS__ \
     : ::ctnet::cpu::target() == ::ctnet::cpu::Target::avx2 ? &::ctnet::avx2::__VA_ARGS__   \
                                                            : &::ctnet::base::__VA_ARGS__)
#elif CTNET_HAS_AVX2
#  define CTNET_PICK(...) \
    (::ctnet::cpu::target() == ::ctnet::cpu::Target::avx2 ? &::ctnet::avx2::__VA_ARGS__ : &::ctnet::base::__VA_ARGS__)
#else
#  define CTNET_PICK(...) (&::ctnet::base::__VA_ARGS__)
#endif
