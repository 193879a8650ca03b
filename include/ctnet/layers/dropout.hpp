// SPDX-License-Identifier: MIT
// Dropout: zeroes values at random in training.
#pragma once

#include "../core/begin_door.hpp"

#include "dropout/layer.hpp"
#include "dropout/reference.hpp"

#include "../core/end_door.hpp"  // last
