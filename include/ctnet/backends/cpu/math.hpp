// SPDX-License-Identifier: MIT
// Elementary functions on vectors (math.inl) of every CPU target, for the hot files: exp, log, log1p, sqrt, tanh,
// sigmoid, erf. Largest relative errors against double, over all floats (tests/losses/math.cpp): exp 1.5e-7,
// log 1.5e-7, log1p 3e-7, tanh 2e-7, sigmoid 2.5e-7, erf 2e-7, sqrt exact. Infinities and NaN come out as from the C
// library.
#pragma once

#include "simd.hpp"

#define CTNET_TARGET_FILE "ctnet/backends/cpu/math.inl"
#include "foreach_target.hpp"
