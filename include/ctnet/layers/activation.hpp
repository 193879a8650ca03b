// SPDX-License-Identifier: MIT
// ReLU, LeakyReLU, Sigmoid, Tanh, GELU, SiLU, Softmax.
#pragma once

#include "../core/begin_door.hpp"

#include "activation/cpu.hpp"
#include "activation/layer.hpp"
#include "activation/reference.hpp"

#include "../core/end_door.hpp"  // last
