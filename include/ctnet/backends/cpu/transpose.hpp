// SPDX-License-Identifier: MIT
// Transposition in registers (transpose.inl), on every CPU target.
#pragma once

#include "simd.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/transpose.inl"
#include "foreach_target.hpp"
