// SPDX-License-Identifier: MIT
// From a trained Network to a Deployed one: deploy(network), make_deployed. Programs that only run networks include
// infer.hpp instead.
#pragma once

#include "deploy/deploy.hpp"
