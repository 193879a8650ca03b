// SPDX-License-Identifier: MIT
// The SIMD vocabulary (simd.inl) of every CPU target, for the other hot files.
#pragma once

#include "../../core/integers.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/simd.inl"
#include "foreach_target.hpp"
