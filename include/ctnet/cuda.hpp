// SPDX-License-Identifier: MIT
// The door to the GPU: Cuda<...> as a backend of Network, fit, evaluate and deploy. For files that nvcc compiles; it
// includes cuda_runtime.h and ctnet's kernels, neither Thrust nor CUB nor cuBLASLt.
#pragma once

#include "core/begin_door.hpp"

#include "backends/cuda/cuda.hpp"
#include "deploy/cuda.cuh"
#include "layers/activation/cuda.cuh"
#include "layers/conv/cuda.cuh"
#include "layers/dropout/cuda.cuh"
#include "layers/join/cuda.cuh"
#include "layers/linear/cuda.cuh"
#include "layers/norm/cuda.cuh"
#include "layers/pool/cuda.cuh"
#include "train/cuda/kernels.cuh"
#include "train/cuda/trainer.cuh"

#include "core/end_door.hpp"  // last
