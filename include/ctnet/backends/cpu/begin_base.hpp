// SPDX-License-Identifier: MIT
// No include guard: opens a region compiled for the baseline of the architecture (foreach_target.hpp).
#define CTNET_TARGET base
#define CTNET_VECTOR_BYTES 16
#if !defined(__clang__)
#  pragma GCC push_options
#  ifdef __CUDACC__
#    pragma nv_diagnostic push
#    pragma nv_diag_suppress 1675
#  endif
#  pragma GCC optimize("O3")
#endif
#include "../../core/begin_precise.hpp"
