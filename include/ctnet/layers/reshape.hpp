// SPDX-License-Identifier: MIT
// Flatten: an image's values as a row of features.
#pragma once

#include "../core/begin_door.hpp"

#include "reshape/layer.hpp"

#include "../core/end_door.hpp"  // last
