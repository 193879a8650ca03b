// SPDX-License-Identifier: MIT
// Every layer.
#pragma once

#include "core/begin_door.hpp"

#include "layers/activation.hpp"
#include "layers/conv.hpp"
#include "layers/dropout.hpp"
#include "layers/join.hpp"
#include "layers/linear.hpp"
#include "layers/norm.hpp"
#include "layers/pool.hpp"
#include "layers/reshape.hpp"

#include "core/end_door.hpp"  // last
