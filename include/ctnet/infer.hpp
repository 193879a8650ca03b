// SPDX-License-Identifier: MIT
// ctnet for programs that only run networks: Weights, Context, Deployed. No exception, no RTTI, no allocation, no
// third-party header; compiles with -fno-exceptions -fno-rtti.
#pragma once

#include "core/begin_door.hpp"

#include "core/scores.hpp"
#include "deploy/deployed.hpp"
#include "layers.hpp"
#include "program/containers.hpp"

#include "core/end_door.hpp"  // last
