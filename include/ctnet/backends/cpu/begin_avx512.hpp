// SPDX-License-Identifier: MIT
// No include guard: opens a region compiled for AVX-512 F, BW, VL and DQ (foreach_target.hpp).
#define CTNET_TARGET avx512
#define CTNET_VECTOR_BYTES 64
#if defined(__clang__)
#  pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi,bmi2,f16c"))), \
                                   apply_to = function)
// clang splits 64-byte vectors without this
#  pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#else
#  pragma GCC push_options
#  pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi,bmi2,f16c,prefer-vector-width=512")
#  ifdef __CUDACC__
#    pragma nv_diagnostic push
#    pragma nv_diag_suppress 1675
#  endif
#  pragma GCC optimize("O3")
#endif
#include "../../core/begin_precise.hpp"
