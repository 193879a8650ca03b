// SPDX-License-Identifier: MIT
// The door to cuBLASLt: what the policy CublasLt of Cuda<...> needs. Include it beside <ctnet/cuda.hpp>, and link
// cublasLt.
#pragma once

#include "core/begin_door.hpp"

#include "layers/linear/cuda_cublaslt.cuh"

#include "core/end_door.hpp"  // last
