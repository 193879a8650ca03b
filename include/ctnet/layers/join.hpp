// SPDX-License-Identifier: MIT
// Add and ConcatChannels: how branches come together.
#pragma once

#include "../core/begin_door.hpp"

#include "join/cpu.hpp"
#include "join/layer.hpp"
#include "join/reference.hpp"

#include "../core/end_door.hpp"  // last
