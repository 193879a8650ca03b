// SPDX-License-Identifier: MIT
// Optimizers, by PyTorch's names and definitions: SGD, Adam, AdamW, RMSprop, Muon; Lion, which PyTorch has not; and
// Optimizer, which applies one of them to a network.
//   Optimizer step{net, SGD{.learning_rate = 0.01f, .momentum = 0.9, .weight_decay = 5e-4}};
//   step();                                 // applies and clears the gradients
// Schedules of the learning rate: Constant, StepLR, MultiStepLR, CosineAnnealing, OneCycle, LinearWarmup.
#pragma once

#include "core/begin_door.hpp"

#include "optimizers/adam.hpp"
#include "optimizers/lion.hpp"
#include "optimizers/muon.hpp"
#include "optimizers/optimizer.hpp"
#include "optimizers/rmsprop.hpp"
#include "optimizers/schedule.hpp"
#include "optimizers/sgd.hpp"

#include "core/end_door.hpp"  // last
