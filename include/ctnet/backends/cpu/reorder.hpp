// SPDX-License-Identifier: MIT
// Activations from one layout to another (reorder.inl), on every CPU target.
#pragma once

#include "layout.hpp"
#include "simd.hpp"
#include "transpose.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/reorder.inl"
#include "foreach_target.hpp"
