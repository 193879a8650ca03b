// SPDX-License-Identifier: MIT
// Data on the GPU: a data set that lies in its memory, shuffled and augmented there (data/cuda/resident.cuh). For nvcc.
#pragma once

#include "core/begin_door.hpp"

#include "data.hpp"                // IWYU pragma: export
#include "data/cuda/resident.cuh"  // IWYU pragma: export

#include "core/end_door.hpp"  // last
