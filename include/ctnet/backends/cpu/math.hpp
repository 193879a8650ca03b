// SPDX-License-Identifier: MIT
// Elementary functions on vectors (math.inl) of every CPU target, for the hot files: exp, log, log1p, sqrt, tanh,
// sigmoid, erf. Largest relative errors against double, over all floats (tests/losses/math.cpp): exp 9e-8, log 9e-8,
// log1p 2e-7, tanh 1.5e-7, sigmoid 2e-7, erf 1e-7, sqrt correctly rounded. Infinities and NaN come out as from the C
// library.
#pragma once

#include "simd.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/math.inl"
#include "foreach_target.hpp"
