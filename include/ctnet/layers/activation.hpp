// SPDX-License-Identifier: MIT
// ReLU, LeakyReLU, Sigmoid, Tanh, GELU, SiLU, Softmax.
#pragma once

#include "activation/cpu.hpp"
#include "activation/layer.hpp"
#include "activation/reference.hpp"
