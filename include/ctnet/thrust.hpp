// SPDX-License-Identifier: MIT
// The door to whole-buffer passes written with Thrust: sums, norms, extremes, clamping, pruning, update rules, on the
// GPU and on the host. Apart from cuda.hpp, for Thrust takes a compiler several seconds.
#pragma once

#include "core/begin_door.hpp"

#include "backends/cuda/algorithms.cuh"

#include "core/end_door.hpp"  // last
