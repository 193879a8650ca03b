// SPDX-License-Identifier: MIT
// The door to cuBLASLt: what the policy CublasLt of Cuda<...> needs. Include it beside <ctnet/cuda.hpp>, and link
// cublasLt.
#pragma once

#include "layers/linear/cuda_cublaslt.cuh"
