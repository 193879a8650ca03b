// SPDX-License-Identifier: MIT
// No include guard: closes the region that begin_*.hpp opened.
#include "../../core/end_precise.hpp"
#if defined(__clang__)
#  if CTNET_VECTOR_BYTES >= 32
#    pragma clang attribute pop
#  endif
#  if CTNET_VECTOR_BYTES == 64
#    pragma clang attribute pop
#  endif
#else
#  ifdef __CUDACC__
#    pragma nv_diagnostic pop
#  endif
#  pragma GCC pop_options
#endif
#undef CTNET_TARGET
#undef CTNET_VECTOR_BYTES
