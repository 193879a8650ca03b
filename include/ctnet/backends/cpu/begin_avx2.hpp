// SPDX-License-Identifier: MIT
// No include guard: opens a region compiled for AVX2 with FMA (foreach_target.hpp).
#define CTNET_TARGET avx2
#define CTNET_VECTOR_BYTES 32
#if defined(__clang__)
#  pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,f16c"))), apply_to = function)
#else
#  pragma GCC push_options
#  pragma GCC target("avx2,fma,bmi,bmi2,f16c")
#  ifdef __CUDACC__
#    pragma nv_diagnostic push
#    pragma nv_diag_suppress 1675
#  endif
// -O2 of g++ 12 leaves plain loops unvectorised
#  pragma GCC optimize("O3")
#endif
#include "../../core/begin_precise.hpp"
