// SPDX-License-Identifier: MIT
// MaxPool, AvgPool, AdaptiveAvgPool, GlobalAvgPool: (C, H, W) -> (C, P, Q).
#pragma once

#include "../core/begin_door.hpp"

#include "pool/cpu.hpp"
#include "pool/layer.hpp"
#include "pool/reference.hpp"

#include "../core/end_door.hpp"  // last
