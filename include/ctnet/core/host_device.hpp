// SPDX-License-Identifier: MIT
// CTNET_HD marks functions that kernels on a GPU call as the host does.
#pragma once

#include "flags.hpp"

#ifdef __CUDACC__
#  define CTNET_HD __host__ __device__
#else
#  define CTNET_HD
#endif
