// SPDX-License-Identifier: MIT
// What the library asks of the compiler's flags.
#pragma once

// Hot loops and definitions switch -ffast-math off for themselves (begin_precise.hpp). In clang a region cannot give
// NaN and infinities back: its selects keep the unit's flags.
#if defined(__clang__) && defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#  error "ctnet: clang's -ffast-math, -Ofast and -ffinite-math-only lose NaN and infinities; add -fno-finite-math-only"
#endif
