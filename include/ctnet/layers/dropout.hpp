// SPDX-License-Identifier: MIT
// Dropout: zeroes values at random in training.
#pragma once

#include "dropout/layer.hpp"
#include "dropout/reference.hpp"
