// SPDX-License-Identifier: MIT
// No include guard: opens a region in which -ffast-math, -Ofast and their parts are off, so that NaN, infinities and
// the order of sums are the same under any flags (end_precise.hpp closes it). No #include within. clang does not say
// whether -funsafe-math-optimizations was given; g++ does, and without such flags nothing is done there.
#if defined(__clang__)
#  pragma float_control(precise, on, push)
// -ffast-math fuses products and sums in the whole unit, as g++ does by default
#  pragma clang fp contract(fast)
#elif defined(__GNUC__) &&                                                                      \
    (defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
     defined(__NO_SIGNED_ZEROS__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0))
#  define CTNET_PRECISE_REGION
#  ifdef __CUDACC__
#    pragma nv_diagnostic push
#    pragma nv_diag_suppress 1675
#  endif
#  pragma GCC push_options
#  pragma GCC optimize("no-fast-math", "no-unsafe-math-optimizations", "no-finite-math-only", "no-associative-math", \
                           "no-reciprocal-math", "signed-zeros", "trapping-math")
#endif
