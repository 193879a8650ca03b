// SPDX-License-Identifier: MIT
// Linear: y = x W^T + b. (In) -> (Out).
#pragma once

#include "linear/cpu.hpp"
#include "linear/layer.hpp"
#include "linear/reference.hpp"
