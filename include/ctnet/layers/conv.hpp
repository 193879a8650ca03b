// SPDX-License-Identifier: MIT
// Conv: cross-correlation of an image with learnt kernels. (C, H, W) -> (K, P, Q).
#pragma once

#include "../core/begin_door.hpp"

#include "conv/cpu.hpp"
#include "conv/layer.hpp"
#include "conv/reference.hpp"

#include "../core/end_door.hpp"  // last
