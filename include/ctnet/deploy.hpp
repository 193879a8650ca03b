// SPDX-License-Identifier: MIT
// From a trained Network to a Deployed one: deploy(network), make_deployed, evaluate. Programs that only run networks
// include infer.hpp instead.
#pragma once

#include "core/begin_door.hpp"

#include "deploy/deploy.hpp"
#include "deploy/evaluate.hpp"

#include "core/end_door.hpp"  // last
