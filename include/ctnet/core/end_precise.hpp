// SPDX-License-Identifier: MIT
// No include guard: closes the region that begin_precise.hpp opened.
#if defined(__clang__)
#  pragma float_control(pop)
#elif defined(CTNET_PRECISE_REGION)
#  undef CTNET_PRECISE_REGION
#  pragma GCC pop_options
#  ifdef __CUDACC__
#    pragma nv_diagnostic pop
#  endif
#endif
