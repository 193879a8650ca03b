// SPDX-License-Identifier: MIT
// A made-up run of some epochs.
#pragma once

#include <ctnet/report/history.hpp>

inline ctnet::History run(int epochs, bool validation, int steps = 0) {
  ctnet::History h;
  for (int e = 1; e <= epochs; ++e) {
    ctnet::EpochRecord r{.epoch = e, .loss = 2.0 / e, .accuracy = 1 - 0.9 / e, .learning_rate = 1e-3, .seconds = 1.5};
    r.images_per_second = 1000, r.images = 1500;
    if (validation) r.validation_loss = 2.1 / e, r.validation_accuracy = 1 - 0.95 / e;
    h.push_back(r);
  }
  for (int s = 1; s <= steps; ++s) h.steps.push_back({s, 2.0 / s});
  return h;
}
