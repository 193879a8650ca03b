// SPDX-License-Identifier: MIT
// The optimizers' hot loops, once per CPU target.
#pragma once

#include "../backends/cpu/math.hpp"
#include "numbers.hpp"

#define CTNET_TARGET_FILE "ctnet/optimizers/hot.inl"
#include "../backends/cpu/foreach_target.hpp"
