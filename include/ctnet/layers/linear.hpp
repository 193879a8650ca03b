// SPDX-License-Identifier: MIT
// Linear: y = x W^T + b. (In) -> (Out).
#pragma once

#include "../core/begin_door.hpp"

#include "linear/cpu.hpp"
#include "linear/layer.hpp"
#include "linear/reference.hpp"

#include "../core/end_door.hpp"  // last
