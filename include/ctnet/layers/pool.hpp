// SPDX-License-Identifier: MIT
// MaxPool, AvgPool, AdaptiveAvgPool, GlobalAvgPool: (C, H, W) -> (C, P, Q).
#pragma once

#include "pool/cpu.hpp"
#include "pool/layer.hpp"
#include "pool/reference.hpp"
