// SPDX-License-Identifier: MIT
// BatchNorm: each channel shifted and scaled to mean 0 and variance 1 over the batch, then by weight and bias.
#pragma once

#include "../core/begin_door.hpp"

#include "norm/cpu.hpp"
#include "norm/layer.hpp"
#include "norm/reference.hpp"

#include "../core/end_door.hpp"  // last
