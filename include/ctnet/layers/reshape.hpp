// SPDX-License-Identifier: MIT
// Flatten: an image's values as a row of features.
#pragma once

#include "reshape/layer.hpp"
