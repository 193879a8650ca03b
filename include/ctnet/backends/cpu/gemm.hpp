// SPDX-License-Identifier: MIT
// Matrix products on every CPU target (gemm.inl); called through CTNET_PICK.
#pragma once

#include "../../core/shape.hpp"
#include "simd.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/gemm.inl"
#include "foreach_target.hpp"
