// SPDX-License-Identifier: MIT
// The door to the policy Persistent of Cuda<...>: predict and whole steps of training as one kernel. For files that
// nvcc compiles; before the first network that has the policy.
#pragma once

#include "core/begin_door.hpp"

#include "cuda.hpp"
#include "layers/activation/cuda_phase.cuh"
#include "layers/conv/cuda_phase.cuh"
#include "layers/dropout/cuda_phase.cuh"
#include "layers/join/cuda_phase.cuh"
#include "layers/linear/cuda_phase.cuh"
#include "layers/norm/cuda_phase.cuh"
#include "layers/pool/cuda_phase.cuh"
#include "train/cuda/persistent.cuh"

#include "core/end_door.hpp"  // last
