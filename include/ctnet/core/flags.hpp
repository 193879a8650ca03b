// SPDX-License-Identifier: MIT
// What the library asks of the compiler's flags.
#pragma once

// Hot loops and definitions switch -ffast-math off for themselves (begin_precise.hpp). In clang a region cannot give
// NaN and infinities back: its selects keep the unit's flags.
#if defined(__clang__) && defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#  error "ctnet: clang's -ffast-math, -Ofast and -ffinite-math-only lose NaN and infinities; add -fno-finite-math-only"
#endif

// Units of one program may be built with different flags. What those flags change has names of its own, so that the
// linker never takes one unit's version for another's. Passed between units, such a type wants the same flags in both.
#if defined(__GNUC__)
#  define CTNET_ABI_TAG(name) [[gnu::abi_tag(name)]]
#else
#  define CTNET_ABI_TAG(name)
#endif
#if defined(__cpp_exceptions)
#  define CTNET_BY_EXCEPTIONS
#else
#  define CTNET_BY_EXCEPTIONS CTNET_ABI_TAG("no_exceptions")
#endif
#if defined(_OPENMP)
#  define CTNET_BY_THREADS
#else
#  define CTNET_BY_THREADS CTNET_ABI_TAG("no_openmp")
#endif
#if defined(CTNET_NO_AVX2)
#  define CTNET_BY_TARGETS CTNET_ABI_TAG("no_avx2")
#elif defined(CTNET_NO_AVX512)
#  define CTNET_BY_TARGETS CTNET_ABI_TAG("no_avx512")
#else
#  define CTNET_BY_TARGETS
#endif
