// SPDX-License-Identifier: MIT
// The losses' hot loops, once per CPU target.
#pragma once

#include "../backends/cpu/math.hpp"

#define CTNET_TARGET_FILE "ctnet/losses/hot.inl"
#include "../backends/cpu/foreach_target.hpp"
