// SPDX-License-Identifier: MIT
// Add and ConcatChannels: how branches come together.
#pragma once

#include "join/cpu.hpp"
#include "join/layer.hpp"
#include "join/reference.hpp"
